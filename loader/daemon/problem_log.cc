// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/problem_log.h"

#include <fmt/format.h>

#include <sstream>
#include <utility>

#include "base/log.h"
#include "base/printable.h"

namespace fairlead {

void ProblemLog::Begin() {
  before_ = std::exchange(now_, {});
  failed_ = broken_ = false;
}

void ProblemLog::Note(const absl::Status& status, const char* what) {
  if (status.ok()) return;
  failed_ = true;
  broken_ = broken_ || !absl::IsResourceExhausted(status);
  Note(fmt::format("{}: {}", what, std::string(status.message())));
}

void ProblemLog::Note(const std::vector<plan::PlanProblem>& problems) {
  for (const plan::PlanProblem& problem : problems) {
    std::ostringstream text;
    text << problem;
    Note(text.str());
  }
}

void ProblemLog::Note(const std::string& raw) {
  const std::string text = Printable(raw);
  if (now_.insert(text).second && !before_.contains(text)) LogWarn("{}", text);
}

}  // namespace fairlead
