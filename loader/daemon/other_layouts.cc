// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/other_layouts.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "absl/status/statusor.h"
#include "base/errno_status.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "loader/attach/hook_links.h"
#include "maps/abi/limits_abi.h"

namespace fairlead {
namespace {

namespace fs = std::filesystem;

bool IsLayoutName(const std::string& name) {
  return name.size() > 1 && name.front() == 'v' &&
         std::all_of(name.begin() + 1, name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

absl::StatusOr<std::vector<fs::path>> OtherLayouts(const std::string& bpffs) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(bpffs, error)) {
    const std::string name = entry.path().filename();
    std::error_code ignored;
    if (IsLayoutName(name) && name != FL_LAYOUT_VERSION && !entry.is_symlink(ignored) &&
        fs::is_directory(entry.path() / "links", ignored)) {
      found.push_back(entry.path());
    }
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return ErrnoStatus(error.value(), "list " + bpffs);
  }
  return found;
}

std::string OwnLinks(const std::string& bpffs) { return bpffs + "/" FL_LAYOUT_VERSION "/links"; }

// Said, where the kernel lets us: it lets go of a link some time after its last pin has gone.
void DetachLinksIn(const fs::path& directory) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    const UniqueFd link(bpf_obj_get(entry.path().c_str()));
    if (link.ok()) bpf_link_detach(link.get());
  }
}

absl::Status Remove(const fs::path& layout, const std::string& own_links) {
  FL_RETURN_IF_ERROR(attach::Forsake(layout / "links", own_links));
  DetachLinksIn(layout / "links");  // what is no hook of ours: the reassembly room's
  DetachLinksIn(layout / "socket_links");
  std::error_code error;
  fs::remove_all(layout, error);
  if (error) return ErrnoStatus(error.value(), "remove the pins below " + layout.string());
  LogInfo("{}: hooks, tables and pins of another layout removed", layout.string());
  return absl::OkStatus();
}

}  // namespace

absl::Status InheritOtherLayouts(const std::string& bpffs) {
  FL_ASSIGN_OR_RETURN(const std::vector<fs::path> layouts, OtherLayouts(bpffs));
  absl::Status result;
  for (const fs::path& layout : layouts) {
    result.Update(attach::Inherit(layout / "links", OwnLinks(bpffs)));
  }
  return result;
}

absl::Status RemoveOtherLayouts(const std::string& bpffs) {
  FL_ASSIGN_OR_RETURN(const std::vector<fs::path> layouts, OtherLayouts(bpffs));
  absl::Status result;
  for (const fs::path& layout : layouts) result.Update(Remove(layout, OwnLinks(bpffs)));
  return result;
}

}  // namespace fairlead
