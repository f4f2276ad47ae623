// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/reassembly_room.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/neighbour.h>
#include <linux/netfilter.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "loader/netlink/links.h"
#include "loader/netlink/neighbours.h"
#include "loader/netlink/netns.h"
#include "loader/netlink/routes.h"
#include "loader/netlink/sysctls.h"
#include "loader/pods/local_pod.h"
#include "maps/abi/limits_abi.h"

namespace fairlead {
namespace {

constexpr char kNearEnd[] = "fl_room";  // "fl_": no uplink, whatever its routes
constexpr char kFarEnd[] = "room";
// Another text for another furnishing: a room of an earlier version is made anew.
constexpr char kAlias[] = "fairlead reassembly room, first edition";
constexpr uint32_t kLargestMtu = 65535;  // whatever came over a wire fits
constexpr MacAddress kRoomMac = FL_ROOM_MAC;

// linux/bpf.h of Linux 6.6; Debian's is older.
constexpr auto kProgTypeNetfilter = static_cast<bpf_prog_type>(32);
constexpr auto kAttachNetfilter = static_cast<bpf_attach_type>(45);
constexpr uint32_t kDefragment = 1;  // BPF_F_NETFILTER_IP_DEFRAG
struct NetfilterLink {               // bpf_attr.link_create
  uint32_t program;
  uint32_t target;
  uint32_t attach_type;
  uint32_t flags;
  uint32_t family;
  uint32_t hook;
  int32_t priority;
  uint32_t netfilter_flags;
};

// A room answers for nobody, learns nothing, and forgets soon: fragments of one
// datagram follow each other within milliseconds. Memory: the kernel's bounds, 4
// MiB a family.
constexpr std::pair<const char*, const char*> kSysctls[] = {
    {"net.ipv4.ip_forward", "1"},
    {"net.ipv4.conf.all.rp_filter", "0"},
    {"net.ipv4.conf.room.rp_filter", "0"},
    {"net.ipv4.conf.all.send_redirects", "0"},
    {"net.ipv4.conf.room.send_redirects", "0"},
    {"net.ipv4.ipfrag_time", "5"},
    {"net.ipv6.conf.all.disable_ipv6", "0"},
    {"net.ipv6.conf.room.disable_ipv6", "0"},
    {"net.ipv6.conf.all.forwarding", "1"},
    {"net.ipv6.conf.room.accept_dad", "0"},
    {"net.ipv6.conf.room.accept_ra", "0"},
    {"net.netfilter.nf_conntrack_frag6_timeout", "5"},
};

// A kernel may have been told to do without IPv6.
std::vector<Family> FamiliesOfTheKernel() {
  if (absl::IsNotFound(ReadSysctl("net.ipv6.conf.all.forwarding").status())) {
    return {Family::kIpv4};
  }
  return {Family::kIpv4, Family::kIpv6};
}

bool HasIpv6() { return FamiliesOfTheKernel().size() == 2; }

std::string PinOf(const std::string& directory, Family family) {
  return fmt::format("{}/reassembly_v{}", directory, static_cast<int>(family));
}

bool IsPinned(const std::string& pin) { return UniqueFd(bpf_obj_get(pin.c_str())).ok(); }

// A program that accepts: what matters is that its link asks for defragmentation.
absl::StatusOr<UniqueFd> LoadAcceptAll() {
  bpf_insn program[2]{};
  program[0].code = BPF_ALU64 | BPF_MOV | BPF_K;
  program[0].imm = NF_ACCEPT;
  program[1].code = BPF_JMP | BPF_EXIT;
  LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = kAttachNetfilter);
  UniqueFd fd(bpf_prog_load(kProgTypeNetfilter, "reassemble", "Dual BSD/GPL", program,
                            std::size(program), &options));
  if (fd.ok()) return fd;
  if (errno == EINVAL) return absl::UnimplementedError("this kernel has no netfilter programs");
  return ErrnoStatus(errno, "load the program of the reassembly room");
}

// In the namespace of the calling thread.
absl::Status Defragment(int program, Family family, const std::string& pin) {
  NetfilterLink create{};
  create.program = static_cast<uint32_t>(program);
  create.attach_type = kAttachNetfilter;
  create.family = family == Family::kIpv4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
  create.hook = NF_INET_PRE_ROUTING;
  create.priority = -128;  // after the kernel's own defragmentation, -400
  create.netfilter_flags = kDefragment;
  bpf_attr attributes{};
  std::memcpy(&attributes, &create, sizeof(create));
  const UniqueFd link(
      static_cast<int>(syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof(attributes))));
  if (!link.ok()) {
    if (errno == EINVAL || errno == EOPNOTSUPP) {
      return absl::UnimplementedError("this kernel does not defragment for BPF");
    }
    return ErrnoStatus(errno, "ask for defragmentation");
  }
  if (bpf_obj_pin(link.get(), pin.c_str()) != 0) return ErrnoStatus(errno, "pin " + pin);
  return absl::OkStatus();
}

// Everything that has come in goes out again, to the near end's MAC.
absl::Status RouteBack(NetlinkSocket& inside, uint32_t link, Family family) {
  const IpAddress gateway = GatewayAddress(family);
  FL_RETURN_IF_ERROR(PutNeighbour(inside, link, gateway, GatewayMac(), NUD_PERMANENT));
  if (family == Family::kIpv4) {
    FL_RETURN_IF_ERROR(
        ReplaceRoute(inside, {.destination = Cidr::Of(gateway), .link_index = link}));
  }
  return ReplaceRoute(inside, {.destination = Cidr::Make(IpAddress::Unspecified(family), 0),
                               .link_index = link,
                               .gateway = gateway});
}

absl::Status Furnish(const std::string& pin_directory) {
  for (const auto& [name, value] : kSysctls) {
    const absl::Status status = EnsureSysctl(name, value);
    if (!absl::IsNotFound(status)) FL_RETURN_IF_ERROR(status);  // else: no such feature here
  }
  FL_ASSIGN_OR_RETURN(NetlinkSocket inside, NetlinkSocket::Open());
  FL_ASSIGN_OR_RETURN(const std::optional<Link> link, FindLink(inside, kFarEnd));
  if (!link.has_value()) return absl::NotFoundError("the far end of the room's wire is gone");
  if (HasIpv6()) FL_RETURN_IF_ERROR(SetNoIpv6LinkLocal(inside, link->index));
  FL_RETURN_IF_ERROR(SetLinkUp(inside, link->index));
  FL_ASSIGN_OR_RETURN(const UniqueFd program, LoadAcceptAll());
  for (const Family family : FamiliesOfTheKernel()) {
    FL_RETURN_IF_ERROR(RouteBack(inside, link->index, family));
    FL_RETURN_IF_ERROR(Defragment(program.get(), family, PinOf(pin_directory, family)));
  }
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> MakeRoom(NetlinkSocket& host, const std::string& pin_directory) {
  FL_ASSIGN_OR_RETURN(const UniqueFd netns, MakeNetns());
  FL_RETURN_IF_ERROR(CreateVeth(host, {.host_name = kNearEnd,
                                       .host_mac = GatewayMac(),
                                       .peer_name = kFarEnd,
                                       .peer_mac = kRoomMac,
                                       .peer_netns_fd = netns.get(),
                                       .mtu = kLargestMtu}));
  FL_ASSIGN_OR_RETURN(const std::optional<Link> link, FindLink(host, kNearEnd));
  if (!link.has_value()) return absl::NotFoundError("the near end of the room's wire is gone");
  if (HasIpv6()) FL_RETURN_IF_ERROR(SetNoIpv6LinkLocal(host, link->index));
  FL_RETURN_IF_ERROR(RunInNetns(netns.get(), [&] { return Furnish(pin_directory); }));
  FL_RETURN_IF_ERROR(SetLinkUp(host, link->index));
  // Last: it says that the room is complete.
  FL_RETURN_IF_ERROR(SetLinkAlias(host, link->index, kAlias));
  return link->index;
}

}  // namespace

absl::StatusOr<uint32_t> OpenReassemblyRoom(NetlinkSocket& host, const std::string& pin_directory) {
  FL_ASSIGN_OR_RETURN(const std::optional<Link> link, FindLink(host, kNearEnd));
  if (link.has_value() && link->alias == kAlias && link->is_up() &&
      std::ranges::all_of(FamiliesOfTheKernel(),
                          [&](Family family) { return IsPinned(PinOf(pin_directory, family)); })) {
    return link->index;
  }
  FL_RETURN_IF_ERROR(RemoveReassemblyRoom(host, pin_directory));
  const absl::StatusOr<uint32_t> made = MakeRoom(host, pin_directory);
  if (!made.ok()) RemoveReassemblyRoom(host, pin_directory).IgnoreError();
  return made;
}

absl::Status RemoveReassemblyRoom(NetlinkSocket& host, const std::string& pin_directory) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    const std::string pin = PinOf(pin_directory, family);
    if (unlink(pin.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) {
      return ErrnoStatus(errno, "unpin " + pin);
    }
  }
  FL_ASSIGN_OR_RETURN(const std::optional<Link> link, FindLink(host, kNearEnd));
  return link.has_value() ? DeleteLink(host, link->index) : absl::OkStatus();
}

}  // namespace fairlead
