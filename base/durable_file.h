// SPDX-License-Identifier: Apache-2.0
//
// Small state files that survive kill -9 and power loss: a reader finds the
// old text or the new text, never a mixture and never half of either.
#ifndef FAIRLEAD_BASE_DURABLE_FILE_H_
#define FAIRLEAD_BASE_DURABLE_FILE_H_

#include <sys/types.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fairlead {

// Makes `path` (parents too) with mode 0700. One that is there must have that mode, or be empty:
// FailedPrecondition otherwise.
absl::Status MakePrivateDirectory(const std::string& path);

// Replaces `path` by a file with this text: temporary file beside it, fsync,
// rename, fsync of the directory. Needs a single writer per path.
absl::Status WriteFileDurably(const std::string& path, std::string_view text, mode_t mode = 0600);

// The same without fsync, for what is no loss after a power failure.
absl::Status ReplaceFile(const std::string& path, std::string_view text);

// NotFound when there is no such file.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path);

}  // namespace fairlead

#endif  // FAIRLEAD_BASE_DURABLE_FILE_H_
