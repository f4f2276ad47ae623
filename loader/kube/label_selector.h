// SPDX-License-Identifier: Apache-2.0
//
// meta/v1 LabelSelector: which objects a policy means, by their labels.
#ifndef FAIRLEAD_LOADER_KUBE_LABEL_SELECTOR_H_
#define FAIRLEAD_LOADER_KUBE_LABEL_SELECTOR_H_

#include <cstdint>
#include <string>
#include <vector>

#include "loader/kube/object_meta.h"

namespace fairlead::kube {

enum class LabelOperator : uint8_t { kIn, kNotIn, kExists, kDoesNotExist };

// matchExpressions[]
struct LabelRequirement {
  std::string key;
  LabelOperator label_operator = LabelOperator::kExists;
  std::vector<std::string> values;  // of kIn and kNotIn, at least one

  friend bool operator==(const LabelRequirement&, const LabelRequirement&) = default;
};

// All of it must hold; an empty selector matches everything.
struct LabelSelector {
  TextMap match_labels;
  std::vector<LabelRequirement> match_expressions;

  friend bool operator==(const LabelSelector&, const LabelSelector&) = default;
};

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_LABEL_SELECTOR_H_
