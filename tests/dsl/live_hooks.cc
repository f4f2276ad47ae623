// SPDX-License-Identifier: Apache-2.0
#include "tests/dsl/live_hooks.h"

#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>
#include <thread>

#include "loader/attach/tcx.h"
#include "tests/dsl/scratch_network.h"

namespace fairlead::testing {

LiveHooks::LiveHooks(Node& node, const Pod& pod)
    : node_(node), socket_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
  if (!socket_.ok()) std::abort();
  const struct {
    hook where;
    uint32_t device;
    bool ingress;
    uint32_t entry;
  } hooks[] = {
      {HOOK_FROM_POD, pod.ifindex, true, ::if_nametoindex(fmt::format("eth{}", pod.slot).c_str())},
      {HOOK_TO_POD, pod.ifindex, false, pod.ifindex},
      {HOOK_FROM_NETWORK, node.uplink(), true, ::if_nametoindex("wire")},
      {HOOK_TO_NETWORK, node.uplink(), false, node.uplink()},
      {HOOK_FROM_ROOM, node.room(), true, ::if_nametoindex("inside")},
  };
  for (const auto& each : hooks) {
    entry_[each.where] = each.entry;
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      links_.push_back(
          Must(attach::CreateTcxLink(node.Program(each.where, family), each.device, each.ingress)));
    }
  }
}

bool LiveHooks::Counts(hook where, const Bytes& frame, uint32_t reason) {
  const uint64_t before = node_.Count(where, reason);
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = static_cast<int>(entry_[where]);
  const void* address = &to;
  const ssize_t sent = ::sendto(socket_.get(), frame.data(), frame.size(), 0,
                                static_cast<const sockaddr*>(address), sizeof(to));
  // A program on the way out that drops the frame is reported to the sender.
  if (sent < 0 && errno != ENOBUFS) return false;
  // The receiving half runs when the kernel finds the time, usually at once.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (node_.Count(where, reason) == before) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace fairlead::testing
