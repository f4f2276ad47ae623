// SPDX-License-Identifier: Apache-2.0
#include "cli/live_program.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "maps/abi/tail_slot_abi.h"
#include "maps/core/bpf_map.h"

namespace fairlead::cli {
namespace {

constexpr size_t kMaxMaps = 64;
constexpr std::string_view kClsactMark = "clsact_";
constexpr uint32_t kLinkTcx = 11;  // BPF_LINK_TYPE_TCX of Linux 6.6; Debian's headers are older

struct BtfFree {
  void operator()(btf* types) const { btf__free(types); }
};

// Where the variable `config` lies in a .rodata map; nullopt if it has none.
std::optional<uint32_t> OffsetOfConfig(const BpfMap& rodata) {
  const std::unique_ptr<btf, BtfFree> types(btf__load_from_kernel_by_id(rodata.btf_id()));
  if (types == nullptr) return std::nullopt;
  const btf_type* section = btf__type_by_id(types.get(), rodata.btf_value_type_id());
  if (section == nullptr || !btf_is_datasec(section)) return std::nullopt;
  for (const btf_var_secinfo& entry : std::span(btf_var_secinfos(section), btf_vlen(section))) {
    const btf_type* variable = btf__type_by_id(types.get(), entry.type);
    const std::string name = btf__name_by_offset(types.get(), variable->name_off);
    if (name == "config" && entry.size == sizeof(hook_config)) return entry.offset;
  }
  return std::nullopt;
}

std::optional<hook_config> ReadConfig(const BpfMap& map) {
  if (map.name().find(".rodata") == std::string::npos) return std::nullopt;
  const std::optional<uint32_t> offset = OffsetOfConfig(map);
  if (!offset.has_value() || *offset + sizeof(hook_config) > map.value_size()) return std::nullopt;
  std::vector<char> content(map.value_size());
  const uint32_t zero = 0;
  if (bpf_map_lookup_elem(map.fd(), &zero, content.data()) != 0) return std::nullopt;
  hook_config config{};
  std::memcpy(&config, content.data() + *offset, sizeof(config));
  return config;
}

// Learns from a map that the program uses: its family by a table of one family,
// its configuration by its .rodata.
void LearnFromMap(uint32_t map_id, LiveProgram& program) {
  UniqueFd fd(bpf_map_get_fd_by_id(map_id));
  if (!fd.ok()) return;
  const absl::StatusOr<BpfMap> map = BpfMap::FromFd(std::move(fd));
  if (!map.ok()) return;
  if (map->name().ends_with('4')) program.family = Family::kIpv4;
  if (map->name().ends_with('6')) program.family = Family::kIpv6;
  if (const std::optional<hook_config> config = ReadConfig(*map)) program.config = config;
}

std::string XdpMechanism(uint32_t ifindex) {
  LIBBPF_OPTS(bpf_xdp_query_opts, query);
  if (bpf_xdp_query(static_cast<int>(ifindex), 0, &query) != 0) return "xdp";
  return query.attach_mode == XDP_ATTACHED_DRV ? "xdp native" : "xdp generic";
}

// NotFound if it is gone, or no link to an interface: those of the reassembly room are its network
// namespace's.
absl::StatusOr<Attachment> ReadLink(const std::filesystem::path& pin) {
  const UniqueFd fd(bpf_obj_get(pin.c_str()));
  if (!fd.ok()) return ErrnoStatus(errno, "open pinned link " + pin.string());
  bpf_link_info info{};
  uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd.get(), &info, &length) != 0) {
    return ErrnoStatus(errno, "ask the kernel about link " + pin.string());
  }
  if (info.type != kLinkTcx && info.type != BPF_LINK_TYPE_XDP) {
    return absl::NotFoundError(pin.string() + " is no link to an interface");
  }
  FL_ASSIGN_OR_RETURN(LiveProgram program, FindProgram(info.prog_id));
  Attachment attachment;
  attachment.pin = pin.filename();
  attachment.hook = program.name;
  attachment.family = program.family;
  // Either kind begins with the interface's index.
  attachment.ifindex = info.xdp.ifindex;
  if (info.type == BPF_LINK_TYPE_XDP) attachment.mechanism = XdpMechanism(attachment.ifindex);
  attachment.program = std::move(program);
  return attachment;
}

// From the right: "…from_pod_1048577_v4". NotFound if it is not one of ours.
absl::StatusOr<Attachment> ReadClsactMark(const std::string& name) {
  const size_t number = name.rfind('_', name.rfind('_') - 1);
  if (!name.starts_with(kClsactMark) || number == std::string::npos ||
      number < kClsactMark.size()) {
    return absl::NotFoundError(name + " is not an attachment");
  }
  Attachment attachment;
  attachment.pin = name;
  attachment.hook = name.substr(kClsactMark.size(), number - kClsactMark.size());
  attachment.family = name.ends_with('4') ? Family::kIpv4 : Family::kIpv6;
  attachment.mechanism = "clsact";
  const auto ifindex = static_cast<uint32_t>(std::atoi(name.c_str() + number + 1));
  // The filter went with the interface; the mark did not.
  if (!DeviceName(ifindex).empty()) attachment.ifindex = ifindex;
  return attachment;
}

}  // namespace

absl::StatusOr<LiveProgram> FindProgram(uint32_t id) {
  const UniqueFd fd(bpf_prog_get_fd_by_id(id));
  if (!fd.ok()) return ErrnoStatus(errno, fmt::format("open program {}", id));
  uint32_t map_ids[kMaxMaps] = {};
  bpf_prog_info info{};
  info.nr_map_ids = kMaxMaps;
  info.map_ids = reinterpret_cast<uintptr_t>(map_ids);
  uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd.get(), &info, &length) != 0) {
    return ErrnoStatus(errno, fmt::format("ask the kernel about program {}", id));
  }
  LiveProgram program;
  program.id = id;
  program.name = info.name;
  program.tag = fmt::format("{:02x}", fmt::join(info.tag, ""));
  for (const uint32_t map_id : std::span(map_ids, std::min<size_t>(info.nr_map_ids, kMaxMaps))) {
    LearnFromMap(map_id, program);
  }
  return program;
}

absl::StatusOr<std::vector<Attachment>> ReadAttachments(const std::string& directory) {
  std::error_code error;
  std::vector<Attachment> attachments;
  std::filesystem::directory_iterator files(directory, error);
  if (error == std::errc::no_such_file_or_directory) return attachments;
  if (error) return ErrnoStatus(error.value(), "list " + directory);
  for (const std::filesystem::directory_entry& file : files) {
    absl::StatusOr<Attachment> attachment =
        file.is_directory(error) ? ReadClsactMark(file.path().filename()) : ReadLink(file.path());
    if (attachment.status().code() == absl::StatusCode::kNotFound) continue;
    if (!attachment.ok()) return attachment.status();
    attachments.push_back(*std::move(attachment));
  }
  std::sort(attachments.begin(), attachments.end(),
            [](const Attachment& a, const Attachment& b) { return a.pin < b.pin; });
  return attachments;
}

const char* TailSlotName(uint32_t slot) {
  constexpr const char* kNames[] = {
      "answer_neighbour", "answer_unreachable",   "answer_tcp_reset", "follow_icmp_error",
      "answer_too_big",   "answer_time_exceeded", "deliver_multicast"};
  static_assert(std::size(kNames) == TAIL_SLOT_COUNT, "a tail slot has no name");
  return slot < TAIL_SLOT_COUNT ? kNames[slot] : "?";
}

std::string DeviceName(uint32_t ifindex) {
  // Flows ask for the same few again and again.
  static auto* const cache = new std::map<uint32_t, std::string>();
  const auto [entry, is_new] = cache->try_emplace(ifindex);
  char name[IF_NAMESIZE] = "";
  if (is_new && ifindex != 0 && if_indextoname(ifindex, name) != nullptr) entry->second = name;
  return entry->second;
}

}  // namespace fairlead::cli
