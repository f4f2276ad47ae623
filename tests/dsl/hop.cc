// SPDX-License-Identifier: Apache-2.0
#include "tests/dsl/hop.h"

#include <fmt/format.h>

namespace fairlead::testing {

std::string ReasonName(uint32_t reason) {
  switch (reason) {
#define NAME(name, text) \
  case VERDICT_##name:   \
    return #name;
    FL_FORWARD_VERDICTS(NAME)
#undef NAME
#define NAME(name, text) \
  case DROP_##name:      \
    return #name;
    FL_DROP_VERDICTS(NAME)
#undef NAME
    default:
      return fmt::format("verdict {}", reason);
  }
}

std::ostream& operator<<(std::ostream& os, const Hop& hop) {
  const std::string reason = ReasonName(hop.reason);
  switch (hop.action) {
    case Action::kNext:
      return os << "not looked at by any program";
    case Action::kOk:
      return os << "passed on (" << reason << ")";
    case Action::kShot:
      return os << "dropped (" << reason << ")";
    case Action::kRedirect:
      return os << "redirect to " << hop.target << " (" << reason << ")";
  }
  return os << "action " << static_cast<int>(hop.action);
}

}  // namespace fairlead::testing
