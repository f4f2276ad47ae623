// SPDX-License-Identifier: Apache-2.0
//
// What a plan had to leave out, and why. A problem never stops a plan: the
// rest of the cluster goes on working.
#ifndef FAIRLEAD_LOADER_PLAN_PLAN_PROBLEM_H_
#define FAIRLEAD_LOADER_PLAN_PLAN_PROBLEM_H_

#include <ostream>
#include <string>

#include "loader/kube/object_meta.h"

namespace fairlead::plan {

struct PlanProblem {
  kube::ObjectRef object;
  std::string reason;

  friend bool operator==(const PlanProblem&, const PlanProblem&) = default;
};

inline std::ostream& operator<<(std::ostream& os, const PlanProblem& problem) {
  return os << problem.object << ": " << problem.reason;
}

}  // namespace fairlead::plan

#endif  // FAIRLEAD_LOADER_PLAN_PLAN_PROBLEM_H_
