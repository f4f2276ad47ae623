// SPDX-License-Identifier: Apache-2.0
//
// The one place where errno becomes absl::Status.
#ifndef FAIRLEAD_BASE_ERRNO_STATUS_H_
#define FAIRLEAD_BASE_ERRNO_STATUS_H_

#include <string_view>

#include "absl/status/status.h"

namespace fairlead {

// `error` is a positive errno (libbpf's negative return is accepted too).
// `what` says what was tried on which object: "open /sys/fs/bpf/x".
absl::Status ErrnoStatus(int error, std::string_view what);

}  // namespace fairlead

#endif  // FAIRLEAD_BASE_ERRNO_STATUS_H_
