// SPDX-License-Identifier: Apache-2.0
//
// Label and field selectors, in the syntax of labelSelector= and fieldSelector=.
#ifndef FAIRLEAD_TESTS_APISERVER_SELECTOR_H_
#define FAIRLEAD_TESTS_APISERVER_SELECTOR_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace fairlead::apiserver {

using Labels = std::map<std::string, std::string>;

class Selector {
 public:
  // "app=web,tier!=db,env in (a,b),env notin (c),has,!hasnt"; "" matches everything.
  static absl::StatusOr<Selector> Parse(std::string_view text);

  bool Matches(const Labels& labels) const;
  bool empty() const { return terms_.empty(); }
  // The keys it asks for.
  std::vector<std::string> Keys() const;

 private:
  enum class Operator { kIn, kNotIn, kExists, kNotExists };
  struct Term {
    std::string key;
    Operator op;
    std::vector<std::string> values;
  };
  static absl::StatusOr<Term> ParseTerm(std::string_view text);

  std::vector<Term> terms_;
};

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_SELECTOR_H_
