// SPDX-License-Identifier: Apache-2.0
#include "loader/attach/hook_check.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "loader/attach/tcx.h"
#include "loader/netlink/netlink_socket.h"

namespace fairlead::attach {
namespace {

constexpr size_t kMostPrograms = 64;  // BPF_MPROG_MAX of the kernel

std::string NameOf(uint32_t program_id) {
  const UniqueFd program(bpf_prog_get_fd_by_id(program_id));
  bpf_prog_info info{};
  uint32_t length = sizeof(info);
  if (!program.ok() || bpf_obj_get_info_by_fd(program.get(), &info, &length) != 0) return "?";
  return info.name;
}

absl::StatusOr<std::vector<Attached>> ListTcx(uint32_t ifindex, bool ingress) {
  std::array<uint32_t, kMostPrograms> ids{};
  struct bpf_prog_query_opts query{};  // a function has the same name
  query.sz = sizeof(query);
  query.prog_ids = ids.data();
  query.prog_cnt = ids.size();
  const int error = bpf_prog_query_opts(static_cast<int>(ifindex), TcxAttachType(ingress), &query);
  if (error != 0 && errno == ENOENT) return std::vector<Attached>();  // never had any
  if (error != 0) {
    return ErrnoStatus(errno, fmt::format("ask for the programs of device {}", ifindex));
  }
  std::vector<Attached> attached;
  for (size_t i = 0; i < query.prog_cnt; ++i) attached.push_back({ids[i], NameOf(ids[i])});
  return attached;
}

Attached FromFilter(const nlmsghdr* answer) {
  const NetlinkAttributes<TCA_MAX> attributes(answer, sizeof(tcmsg));
  Attached found;
  if (attributes[TCA_KIND] != nullptr) found.name = mnl_attr_get_str(attributes[TCA_KIND]);
  if (found.name != "bpf" || attributes[TCA_OPTIONS] == nullptr) return found;
  found.program_id = NetlinkAttributes<TCA_BPF_MAX>(attributes[TCA_OPTIONS]).U32(TCA_BPF_ID);
  found.name = NameOf(found.program_id);
  return found;
}

absl::StatusOr<std::vector<Attached>> ListClsact(uint32_t ifindex, bool ingress) {
  FL_ASSIGN_OR_RETURN(NetlinkSocket netlink, NetlinkSocket::Open());
  NetlinkMessage message(RTM_GETTFILTER, 0);
  auto* header = message.Header<tcmsg>();
  header->tcm_ifindex = static_cast<int>(ifindex);
  header->tcm_parent = TC_H_MAKE(TC_H_CLSACT, ingress ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
  FL_ASSIGN_OR_RETURN(const NetlinkAnswers answers, netlink.Dump(message, "list filters"));
  std::vector<Attached> attached;
  answers.ForEach([&attached](const nlmsghdr* answer) {
    if (answer->nlmsg_type != RTM_NEWTFILTER) return;
    // Each filter is preceded by its empty chain, which has no handle.
    const void* payload = mnl_nlmsg_get_payload(answer);
    if (static_cast<const tcmsg*>(payload)->tcm_handle != 0) attached.push_back(FromFilter(answer));
  });
  return attached;
}

}  // namespace

absl::StatusOr<std::vector<Attached>> ListAttached(uint32_t ifindex, bool ingress,
                                                   Mechanism mechanism) {
  return mechanism == Mechanism::kTcx ? ListTcx(ifindex, ingress) : ListClsact(ifindex, ingress);
}

absl::Status CompareAttached(const std::string& where, const std::vector<uint32_t>& ours,
                             const std::vector<Attached>& present) {
  for (const uint32_t id : ours) {
    if (std::ranges::find(present, id, &Attached::program_id) == present.end()) {
      return absl::FailedPreconditionError(fmt::format(
          "the program {} (id {}) of fairlead is not attached: restart fairleadd", where, id));
    }
  }
  for (const Attached& other : present) {
    if (std::ranges::find(ours, other.program_id) != ours.end()) continue;
    return absl::FailedPreconditionError(fmt::format(
        "a foreign program, {} (id {}), is beside {}: detach it (bpftool net), or find out whose "
        "it is",
        other.name, other.program_id, where));
  }
  return absl::OkStatus();
}

}  // namespace fairlead::attach
