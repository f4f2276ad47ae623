// SPDX-License-Identifier: Apache-2.0
//
// What a deployment of a thousand replicas does to one node: pods plugged in
// and out by many fairlead-cni processes at a time.
#ifndef FAIRLEAD_LAB_CHURN_H_
#define FAIRLEAD_LAB_CHURN_H_

#include "absl/status/statusor.h"
#include "lab/lab.h"

namespace fairlead::lab {

struct Churn {
  int pods = 0;  // that were there together
  Duration adding = {};
  Duration deleting = {};
};

// Plugs `pods` pods into `node`, `parallel` at a time, and then all out again.
// They have no objects and no processes. FAILED_PRECONDITION when two of them got the
// same address or one got none of a family that others have; whatever went
// wrong, all are plugged out and their namespaces removed.
absl::StatusOr<Churn> ChurnPods(const Lab& lab, const Node& node, int pods, int parallel);

}  // namespace fairlead::lab

#endif  // FAIRLEAD_LAB_CHURN_H_
