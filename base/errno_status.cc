// SPDX-License-Identifier: Apache-2.0
#include "base/errno_status.h"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>

namespace fairlead {

absl::Status ErrnoStatus(int error, std::string_view what) {
  const int code = std::abs(error);
  char text[128];
  const char* message = strerror_r(code, text, sizeof(text));
  return {absl::ErrnoToStatusCode(code), fmt::format("{}: {}", what, message)};
}

}  // namespace fairlead
