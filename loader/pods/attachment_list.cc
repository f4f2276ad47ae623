// SPDX-License-Identifier: Apache-2.0
#include "loader/pods/attachment_list.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <string>

#include "base/errno_status.h"
#include "base/status_macros.h"

namespace fairlead {
namespace {

using nlohmann::json;

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

absl::StatusOr<std::string> ReadSealed(int fd) {
  // Only memory files have seals: no pipe, no file of a remote server.
  const int seals = ::fcntl(fd, F_GET_SEALS);
  struct stat status{};
  if (seals < 0 || (seals & kSeals) != kSeals || ::fstat(fd, &status) < 0 ||
      static_cast<size_t>(status.st_size) > kLongestAttachmentList) {
    return absl::InvalidArgumentError("the list of attachments is not sealed, or too long");
  }
  std::string text(static_cast<size_t>(status.st_size), '\0');
  if (::pread(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return ErrnoStatus(errno, "read the list of attachments");
  }
  return text;
}

}  // namespace

absl::StatusOr<UniqueFd> SealAttachmentList(std::string_view text) {
  UniqueFd fd(::memfd_create("fairlead-attachments", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.ok()) return ErrnoStatus(errno, "make a memory file");
  if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::fcntl(fd.get(), F_ADD_SEALS, kSeals) < 0) {
    return ErrnoStatus(errno, "fill and seal a memory file");
  }
  return fd;
}

absl::StatusOr<std::set<AttachmentId>> ReadAttachmentList(int fd) {
  FL_ASSIGN_OR_RETURN(const std::string text, ReadSealed(fd));
  const json list = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!list.is_array()) return absl::InvalidArgumentError("the attachments are not a JSON list");
  std::set<AttachmentId> ids;
  for (const json& entry : list) {
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_string()) {
      return absl::InvalidArgumentError("an attachment is not a pair of strings");
    }
    ids.emplace(entry[0].get<std::string>(), entry[1].get<std::string>());
  }
  return ids;
}

}  // namespace fairlead
