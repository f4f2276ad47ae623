// SPDX-License-Identifier: Apache-2.0
#include "cli/pinned_node.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/status_macros.h"
#include "cli/live_program.h"
#include "loader/kernel/clock.h"
#include "loader/kernel/hook_config.h"

namespace fairlead::cli {
namespace {

absl::Status CheckPins(const std::string& directory) {
  // Any one stands for all: the daemon pins them together.
  if (access((directory + "/node_state4").c_str(), F_OK) == 0) return absl::OkStatus();
  if (errno == EACCES) {
    return absl::PermissionDeniedError(
        fmt::format("the maps below {} belong to root: run this as root", directory));
  }
  return absl::NotFoundError(
      fmt::format("no fairlead maps below {}: is fairleadd installed on this node, or give --bpffs",
                  directory));
}

absl::StatusOr<FlowClock> OpenClock(const std::string& directory) {
  absl::StatusOr<FlowClock> clock = FlowClock::OpenPinned(directory + "/read_clock");
  return clock.ok() ? std::move(clock) : FlowClock::Load();
}

}  // namespace

std::string PinDirectory(const Options& options) { return options.bpffs + "/" + FL_LAYOUT_VERSION; }

std::optional<hook_config> RunningConfig(const std::string& pin_directory) {
  // The answers behind the tail calls are loaded with the hooks' configuration
  // and are there even where no interface is.
  const absl::StatusOr<BpfMap> tail_calls = BpfMap::OpenPinned(pin_directory + "/tail_calls4");
  if (tail_calls.ok()) {
    for (uint32_t slot = 0; slot < tail_calls->max_entries(); ++slot) {
      uint32_t program_id = 0;
      if (bpf_map_lookup_elem(tail_calls->fd(), &slot, &program_id) != 0) continue;
      const absl::StatusOr<LiveProgram> program = FindProgram(program_id);
      if (program.ok() && program->config.has_value()) return program->config;
    }
  }
  const auto attachments = ReadAttachments(pin_directory + "/links");
  if (!attachments.ok()) return std::nullopt;
  for (const Attachment& attachment : *attachments) {
    if (attachment.program.has_value() && attachment.program->config.has_value()) {
      return attachment.program->config;
    }
  }
  return std::nullopt;
}

absl::StatusOr<PinnedNode> PinnedNode::Open(const Options& options) {
  PinnedNode node;
  node.directory_ = PinDirectory(options);
  FL_RETURN_IF_ERROR(CheckPins(node.directory_));
  absl::StatusOr<Tables> tables = OpenPinnedTables(node.directory_);
  if (absl::IsInvalidArgument(tables.status())) {
    return absl::FailedPreconditionError(
        fmt::format("the maps below {} were made by another version: {}", node.directory_,
                    std::string(tables.status().message())));
  }
  if (!tables.ok()) return tables.status();
  node.tables_ = *std::move(tables);
  FL_ASSIGN_OR_RETURN(node.names_, Names::Read(options.names_file));
  for (uint32_t slot = 0; slot < node.tables_.pods.size(); ++slot) {
    const pod& pod = node.tables_.pods[slot];
    if (pod.ifindex == 0) continue;
    for (const IpAddress& address : {FromAbi(pod.address4), FromAbi(pod.address6)}) {
      if (!address.IsUnspecified()) node.pods_.emplace(address, slot);
    }
  }
  return node;
}

absl::StatusOr<FlowTime> PinnedNode::Time() const {
  FlowTime time;
  FL_ASSIGN_OR_RETURN(const FlowClock clock, OpenClock(directory_));
  FL_ASSIGN_OR_RETURN(time.now, clock.Now());
  time.jiffies_per_second = JiffiesPerSecond();
  time.config = RunningConfig(directory_).value_or(MakeHookConfig(HookOptions(), 0, 1, 1));
  return time;
}

std::optional<uint32_t> PinnedNode::PodOf(const IpAddress& address) const {
  const auto found = pods_.find(address);
  if (found == pods_.end()) return std::nullopt;
  return found->second;
}

Json PinnedNode::PodNameOf(const IpAddress& address) const {
  const std::optional<uint32_t> slot = PodOf(address);
  return slot.has_value() ? names_.Pod(*slot) : Json();
}

}  // namespace fairlead::cli
