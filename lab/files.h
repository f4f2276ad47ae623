// SPDX-License-Identifier: Apache-2.0
//
// Whole files in, whole files out.
#ifndef FAIRLEAD_LAB_FILES_H_
#define FAIRLEAD_LAB_FILES_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace fairlead::lab {

absl::StatusOr<std::string> ReadFile(const std::string& path);

// Appears complete or not at all: written beside the folder `path` is in, then
// renamed. (Beside and not inside, because daemons watch the manifests folder.)
absl::Status WriteFile(const std::string& path, const std::string& text);

absl::Status RemoveFile(const std::string& path);       // absent is fine
absl::Status MakeDirectories(const std::string& path);  // with parents

// A file without a name that holds `text`, positioned at its start.
absl::StatusOr<UniqueFd> AnonymousFile(const std::string& text);

// The last `lines` lines of a log, for error messages; empty if unreadable.
std::string Tail(const std::string& path, int lines);

// Folder of the running program: fairleadd and fairlead-cni lie beside it.
std::string ProgramFolder();

}  // namespace fairlead::lab

#endif  // FAIRLEAD_LAB_FILES_H_
