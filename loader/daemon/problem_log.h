// SPDX-License-Identifier: Apache-2.0
//
// ProblemLog: what is wrong now. A round of work notes its failures and goes
// on; each is logged when it is new, and again when it comes back after having
// been absent, so that a retry every second does not fill the log. Texts may
// quote what others have written: they become Printable().
#ifndef FAIRLEAD_LOADER_DAEMON_PROBLEM_LOG_H_
#define FAIRLEAD_LOADER_DAEMON_PROBLEM_LOG_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "loader/plan/plan_problem.h"

namespace fairlead {

class ProblemLog {
 public:
  // Begins a round: what was noted before counts as old.
  void Begin();
  // OK is no problem. Noted failures make the round worth repeating.
  void Note(const absl::Status& status, const char* what);
  // What is wrong with objects, and will be until they change.
  void Note(const std::vector<plan::PlanProblem>& problems);
  void Note(const std::string& text);

  // A step of this round has failed and may succeed when tried again.
  bool failed() const { return failed_; }
  // The same of a step that did not merely lack room (ResourceExhausted): all else is done then.
  bool broken() const { return broken_; }
  const std::set<std::string>& texts() const { return now_; }

 private:
  std::set<std::string> before_;
  std::set<std::string> now_;
  bool failed_ = false;
  bool broken_ = false;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_PROBLEM_LOG_H_
