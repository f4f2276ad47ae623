// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/masquerade_file.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/durable_file.h"
#include "base/status_macros.h"

namespace fairlead {
namespace {

constexpr uintmax_t kMostBytes = 256 * 1024;

absl::StatusOr<kube::MasqueradeConfig> ReadConfig(const std::string& path) {
  std::error_code error;
  const uintmax_t bytes = std::filesystem::file_size(path, error);
  if (!error && bytes > kMostBytes) {
    return absl::InvalidArgumentError(fmt::format("has more than {} bytes", kMostBytes));
  }
  const absl::StatusOr<std::string> text = ReadWholeFile(path);
  if (absl::IsNotFound(text.status())) return kube::MasqueradeConfig{};
  FL_RETURN_IF_ERROR(text.status());
  return kube::ParseMasqueradeConfig(*text);
}

}  // namespace

absl::StatusOr<MasqueradeFile> MasqueradeFile::Open(const std::string& path) {
  const std::filesystem::path whole(path);
  if (!whole.has_filename()) {
    return absl::InvalidArgumentError(fmt::format("\"{}\" is no file", path));
  }
  const std::string directory = whole.has_parent_path() ? whole.parent_path().string() : ".";
  FL_ASSIGN_OR_RETURN(kube::DirectoryWatch watch, kube::DirectoryWatch::Open(directory));
  MasqueradeFile file(path, whole.filename().string(), std::move(watch));
  file.Read();
  return file;
}

void MasqueradeFile::Read() {
  std::error_code error;
  if (std::filesystem::is_symlink(path_, error)) watch_.WatchLinkTarget(name_);
  absl::StatusOr<kube::MasqueradeConfig> config = ReadConfig(path_);
  if (config.ok()) {
    config_ = *std::move(config);
    problem_.clear();
  } else {
    problem_ = fmt::format("{}: {}; what was said before holds", path_,
                           std::string(config.status().message()));
  }
}

bool MasqueradeFile::ReadChanges() {
  const kube::DirectoryWatch::Due due = watch_.Take();
  // A directory that is being replaced says nothing about the file.
  if (due.gone || due.keep_missing) return false;
  if (!due.names.contains(name_) && !due.look_at_all && !due.read_all) return false;
  const kube::MasqueradeConfig before = config_;
  const std::string problem = problem_;
  Read();
  return config_ != before || problem_ != problem;
}

}  // namespace fairlead
