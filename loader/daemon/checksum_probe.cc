// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/checksum_probe.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/socket_address.h"
#include "base/status_macros.h"
#include "loader/daemon/tunnel_device.h"
#include "loader/netlink/checksum_offload.h"

namespace fairlead {
namespace {

constexpr uint16_t kDiscardPort = 9;
constexpr std::string_view kText = "fairlead asks: is this checksum right?";

UniqueFd ConnectTo(const IpAddress& peer) {
  UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const SocketAddress address({peer, kDiscardPort});
  if (::connect(fd.get(), address.get(), address.size) != 0) return {};
  return fd;
}

// The peer's kernel has seen the datagram, and nobody listens there.
bool IsAnswered(const UniqueFd& fd) {
  char byte = 0;
  return fd.ok() && ::recv(fd.get(), &byte, 1, MSG_DONTWAIT) < 0 && errno == ECONNREFUSED;
}

}  // namespace

void ChecksumProbe::Follow(uint32_t tunnel_ifindex, const IpAddress& own,
                           std::vector<IpAddress> peers) {
  if (tunnel_ifindex != ifindex_) {
    judge_ = {};
    rounds_ = 0;
    done_ = false;
  }
  ifindex_ = tunnel_ifindex;
  own_ = own;
  peers_ = std::move(peers);
}

absl::Status ChecksumProbe::Tick() {
  if (done_) return absl::OkStatus();
  if (offloaded_.ok() && complete_.ok()) {
    judge_.Round(rounds_ % 2 == 0, IsAnswered(offloaded_), IsAnswered(complete_));
    ++rounds_;
  }
  offloaded_ = {};
  complete_ = {};
  if (judge_.verdict() != OffloadJudge::Verdict::kOpen || rounds_ >= kMostRounds) {
    done_ = true;
    return Conclude();
  }
  if (ifindex_ == 0 || peers_.empty()) return absl::OkStatus();
  // Both orders of a peer before the next one's turn.
  const IpAddress& peer = peers_[static_cast<size_t>(rounds_ / 2) % peers_.size()];
  offloaded_ = ConnectTo(peer);
  complete_ = ConnectTo(peer);
  if (!offloaded_.ok() || !complete_.ok()) return absl::OkStatus();
  for (const bool offloaded : {rounds_ % 2 == 0, rounds_ % 2 != 0}) Send(offloaded);
  return absl::OkStatus();
}

void ChecksumProbe::Send(bool offloaded) {
  union {
    cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(in_pktinfo))];
  } control{};
  iovec part{.iov_base = const_cast<char*>(kText.data()), .iov_len = kText.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof(control.bytes);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = IPPROTO_IP;
  header->cmsg_type = IP_PKTINFO;
  header->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
  in_pktinfo out{};
  out.ipi_ifindex = static_cast<int>(ifindex_);
  std::memcpy(&out.ipi_spec_dst, own_.bytes(), sizeof(out.ipi_spec_dst));
  std::memcpy(CMSG_DATA(header), &out, sizeof(out));
  if (offloaded) {
    ::sendmsg(offloaded_.get(), &message, 0);
    return;
  }
  // What is sent in two parts is summed as it is copied.
  if (::sendmsg(complete_.get(), &message, MSG_MORE) >= 0) {
    ::send(complete_.get(), kText.data(), kText.size(), 0);
  }
}

absl::Status ChecksumProbe::Conclude() {
  switch (judge_.verdict()) {
    case OffloadJudge::Verdict::kRight:
      LogInfo("device={} checksum offload verified: a peer has believed it", kTunnelDevice);
      return absl::OkStatus();
    case OffloadJudge::Verdict::kWrong:
      LogWarn(
          "device={} checksum offload switched off: peers drop what the hardware has summed "
          "inside the tunnel; look for a newer driver or firmware of the uplink",
          kTunnelDevice);
      return SwitchChecksumOffloadOff(kTunnelDevice);
    case OffloadJudge::Verdict::kOpen:
      LogInfo("device={} checksum offload not verified: no peer answers", kTunnelDevice);
  }
  return absl::OkStatus();
}

}  // namespace fairlead
