// SPDX-License-Identifier: Apache-2.0
#include "loader/attach/hook_links.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "loader/attach/clsact.h"
#include "loader/attach/hook_check.h"
#include "loader/attach/program_id.h"
#include "loader/attach/tcx.h"
#include "maps/counter/verdict_counters.h"

namespace fairlead::attach {
namespace {

constexpr Family kFamilies[] = {Family::kIpv4, Family::kIpv6};
constexpr std::string_view kClsactMark = "clsact_";
constexpr uint32_t kLoopback = 1;

bool IsIngress(hook hook_id) {
  return hook_id == HOOK_FROM_POD || hook_id == HOOK_FROM_NETWORK || hook_id == HOOK_FROM_ROOM ||
         hook_id == HOOK_FROM_OVERLAY || hook_id == HOOK_FROM_GUEST || hook_id == HOOK_FROM_WIRE;
}

// "from_pod_1048577_v4", of numbers and our own words only.
std::string PinName(const HookOnDevice& where, Family family) {
  return fmt::format("{}_{}_v{}", HookName(where.hook_id), where.ifindex, static_cast<int>(family));
}

// bpffs holds BPF objects and directories; a directory remembers a filter.
std::string ClsactMark(const std::string& directory, const HookOnDevice& where, Family family) {
  return fmt::format("{}/{}{}", directory, kClsactMark, PinName(where, family));
}

// Removes the filter that the mark remembers, then the mark.
absl::Status DetachMarked(const std::string& mark, const HookOnDevice& where, Family family) {
  FL_RETURN_IF_ERROR(DetachClsact(where.ifindex, IsIngress(where.hook_id), family));
  rmdir(mark.c_str());
  return absl::OkStatus();
}

// 0: there is no such link.
uint32_t LinkId(const UniqueFd& link) {
  bpf_link_info info{};
  uint32_t length = sizeof(info);
  return link.ok() && bpf_obj_get_info_by_fd(link.get(), &info, &length) == 0 ? info.id : 0;
}

std::optional<HookOnDevice> ParsePinName(std::string_view name) {
  if (name.starts_with(kClsactMark)) name.remove_prefix(kClsactMark.size());
  for (int id = 0; id < HOOK_COUNT; ++id) {
    const std::string_view hook_name = HookName(static_cast<uint32_t>(id));
    if (!name.starts_with(hook_name) || name.size() < hook_name.size() + 2) continue;
    const char* number = name.data() + hook_name.size() + 1;
    uint32_t ifindex = 0;
    const auto [end, error] = std::from_chars(number, name.data() + name.size(), ifindex);
    if (error == std::errc() && *end == '_') return HookOnDevice{static_cast<hook>(id), ifindex};
  }
  return std::nullopt;
}

}  // namespace

std::string PinOf(const std::string& directory, const HookOnDevice& where, Family family) {
  return directory + "/" + PinName(where, family);
}

absl::Status HookLinks::AttachFamily(const HookOnDevice& where, Family family) const {
  const int program = programs_.fd(where.hook_id, family);
  const bool ingress = IsIngress(where.hook_id);
  const std::string pin = PinOf(directory_, where, family);
  const std::string mark = ClsactMark(directory_, where, family);
  // What another mechanism has left there goes once ours is in place.
  if (mechanism_ == Mechanism::kTcx) {
    FL_RETURN_IF_ERROR(AttachTcx(program, where.ifindex, ingress, pin));
    return access(mark.c_str(), F_OK) == 0 ? DetachMarked(mark, where, family) : absl::OkStatus();
  }
  if (mkdir(mark.c_str(), 0700) != 0 && errno != EEXIST) return ErrnoStatus(errno, "make " + mark);
  FL_RETURN_IF_ERROR(AttachClsact(program, where.ifindex, ingress, family));
  unlink(pin.c_str());
  return absl::OkStatus();
}

absl::Status HookLinks::Attach(hook hook_id, uint32_t ifindex) const {
  for (const Family family : kFamilies) {
    if (absl::Status status = AttachFamily({hook_id, ifindex}, family); !status.ok()) {
      return {status.code(), fmt::format("{} on device {}: {}", HookName(hook_id), ifindex,
                                         std::string(status.message()))};
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<uint32_t>> HookLinks::OwnIds(hook hook_id) const {
  std::vector<uint32_t> ours;
  for (const Family family : kFamilies) {
    FL_ASSIGN_OR_RETURN(const uint32_t id, ProgramId(programs_.fd(hook_id, family)));
    ours.push_back(id);
  }
  return ours;
}

absl::Status HookLinks::Check(hook hook_id, uint32_t ifindex, const std::string& device) const {
  FL_ASSIGN_OR_RETURN(const auto ours, OwnIds(hook_id));
  FL_ASSIGN_OR_RETURN(const auto present, ListAttached(ifindex, IsIngress(hook_id), mechanism_));
  return CompareAttached(fmt::format("{} on {}", HookName(hook_id), device), ours, present);
}

absl::StatusOr<bool> HookLinks::IsAttached(hook hook_id, uint32_t ifindex) const {
  FL_ASSIGN_OR_RETURN(const auto ours, OwnIds(hook_id));
  FL_ASSIGN_OR_RETURN(const auto present, ListAttached(ifindex, IsIngress(hook_id), mechanism_));
  return std::ranges::all_of(ours, [&present](uint32_t id) {
    return std::ranges::find(present, id, &Attached::program_id) != present.end();
  });
}

absl::StatusOr<std::vector<HookOnDevice>> ListHooks(const std::string& directory) {
  std::set<HookOnDevice> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (const auto where = ParsePinName(entry.path().filename().string())) found.insert(*where);
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return ErrnoStatus(error.value(), "list " + directory);
  }
  return std::vector<HookOnDevice>(found.begin(), found.end());
}

absl::Status Detach(const std::string& directory, const HookOnDevice& where) {
  for (const Family family : kFamilies) {
    const std::string pin = PinOf(directory, where, family);
    // Said first: the kernel lets go of a link some time after its last pin has gone.
    if (const UniqueFd link(bpf_obj_get(pin.c_str())); link.ok()) bpf_link_detach(link.get());
    if (unlink(pin.c_str()) != 0 && errno != ENOENT) return ErrnoStatus(errno, "unpin " + pin);
    const std::string mark = ClsactMark(directory, where, family);
    if (access(mark.c_str(), F_OK) == 0) FL_RETURN_IF_ERROR(DetachMarked(mark, where, family));
  }
  return absl::OkStatus();
}

absl::Status Inherit(const std::string& from, const std::string& directory) {
  FL_ASSIGN_OR_RETURN(const std::vector<HookOnDevice> hooks, ListHooks(from));
  for (const HookOnDevice& where : hooks) {
    for (const Family family : kFamilies) {
      const std::string pin = PinOf(directory, where, family);
      const UniqueFd link(bpf_obj_get(PinOf(from, where, family).c_str()));
      if (link.ok() && bpf_obj_pin(link.get(), pin.c_str()) != 0 && errno != EEXIST) {
        return ErrnoStatus(errno, "pin " + pin);
      }
      if (access(ClsactMark(from, where, family).c_str(), F_OK) != 0) continue;
      const std::string mark = ClsactMark(directory, where, family);
      if (mkdir(mark.c_str(), 0700) != 0 && errno != EEXIST) {
        return ErrnoStatus(errno, "make " + mark);
      }
    }
  }
  return absl::OkStatus();
}

absl::Status Forsake(const std::string& from, const std::string& directory) {
  FL_ASSIGN_OR_RETURN(const std::vector<HookOnDevice> hooks, ListHooks(from));
  for (const HookOnDevice& where : hooks) {
    for (const Family family : kFamilies) {
      const std::string pin = PinOf(from, where, family);
      const UniqueFd link(bpf_obj_get(pin.c_str()));
      const UniqueFd heir(bpf_obj_get(PinOf(directory, where, family).c_str()));
      if (link.ok() && LinkId(link) != LinkId(heir)) bpf_link_detach(link.get());
      if (unlink(pin.c_str()) != 0 && errno != ENOENT) return ErrnoStatus(errno, "unpin " + pin);
      const std::string mark = ClsactMark(from, where, family);
      if (access(mark.c_str(), F_OK) != 0) continue;
      // A filter has no owner: by the same mark it is the heir's.
      if (access(ClsactMark(directory, where, family).c_str(), F_OK) == 0) {
        rmdir(mark.c_str());
      } else {
        FL_RETURN_IF_ERROR(DetachMarked(mark, where, family));
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Mechanism> ProbeMechanism(int program_fd) {
  const absl::StatusOr<UniqueFd> link = CreateTcxLink(program_fd, kLoopback, /*ingress=*/false);
  if (link.ok()) return Mechanism::kTcx;
  if (absl::IsUnimplemented(link.status())) return Mechanism::kClsact;
  return link.status();
}

}  // namespace fairlead::attach
