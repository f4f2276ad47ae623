// SPDX-License-Identifier: Apache-2.0
//
// core/v1 Namespace: its labels, which policies select by. The label
// kubernetes.io/metadata.name is always there, as behind an API server.
#ifndef FAIRLEAD_LOADER_KUBE_NAMESPACE_H_
#define FAIRLEAD_LOADER_KUBE_NAMESPACE_H_

#include "loader/kube/object_meta.h"

namespace fairlead::kube {

inline constexpr char kNamespaceNameLabel[] = "kubernetes.io/metadata.name";

struct Namespace {
  ObjectMeta meta;

  friend bool operator==(const Namespace&, const Namespace&) = default;
};

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_NAMESPACE_H_
