// SPDX-License-Identifier: Apache-2.0
#include "loader/netlink/sysctl_journal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/errno_status.h"
#include "base/status_macros.h"
#include "loader/netlink/sysctls.h"

namespace fairlead {
absl::StatusOr<SysctlJournal> SysctlJournal::Open(std::string path) {
  SysctlJournal journal(std::move(path));
  const absl::StatusOr<std::string> text = ReadWholeFile(journal.path_);
  if (absl::IsNotFound(text.status())) return journal;
  if (!text.ok()) return text.status();
  const nlohmann::json json = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  bool good = json.is_object();
  if (good) {
    for (const auto& [name, value] : json.items()) {
      good = good && value.is_string() && SysctlPath(name).ok();
      if (good) journal.originals_.emplace(name, value.get<std::string>());
    }
  }
  if (!good) {
    return absl::DataLossError(fmt::format(
        "{} is damaged: it held the sysctl values from before fairlead; remove the file to go on "
        "with the present values as the original ones",
        journal.path_));
  }
  return journal;
}

absl::Status SysctlJournal::Save() const {
  return WriteFileDurably(path_, nlohmann::json(originals_).dump(2) + "\n");
}

absl::Status SysctlJournal::Set(std::string_view name, std::string_view value) {
  FL_ASSIGN_OR_RETURN(const std::string key, SysctlKey(name));
  FL_ASSIGN_OR_RETURN(std::string now, ReadSysctl(key));
  if (now == value) return absl::OkStatus();
  if (originals_.emplace(key, std::move(now)).second) {
    if (absl::Status status = Save(); !status.ok()) {
      originals_.erase(key);
      return status;
    }
  }
  return WriteSysctl(key, value);
}

absl::Status SysctlJournal::RenameDevice(std::string_view from, std::string_view to) {
  const std::string old_part = fmt::format("/conf/{}/", from);
  bool changed = false;
  std::map<std::string, std::string> renamed;
  for (const auto& [name, value] : originals_) {
    const size_t at = name.find(old_part);
    std::string key = name;
    if (at != name.npos) key.replace(at, old_part.size(), fmt::format("/conf/{}/", to));
    changed = changed || at != name.npos;
    renamed[key] = value;
  }
  if (!changed) return absl::OkStatus();
  originals_ = std::move(renamed);
  return Save();
}

absl::Status SysctlJournal::RestoreAll() {
  absl::Status first;
  for (auto it = originals_.begin(); it != originals_.end();) {
    const absl::Status status = EnsureSysctl(it->first, it->second);
    if (status.ok() || absl::IsNotFound(status)) {
      it = originals_.erase(it);
      continue;
    }
    if (first.ok()) first = status;
    ++it;
  }
  if (!originals_.empty()) {
    FL_RETURN_IF_ERROR(Save());
    return first;
  }
  if (::unlink(path_.c_str()) < 0 && errno != ENOENT) {
    return ErrnoStatus(errno, fmt::format("remove {}", path_));
  }
  return absl::OkStatus();
}

}  // namespace fairlead
