// SPDX-License-Identifier: Apache-2.0
#include "loader/netlink/netlink_socket.h"

#include <fmt/format.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include "base/errno_status.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "loader/netlink/netns.h"

namespace fairlead {
namespace {

// Large enough for any single answer of a dump (the kernel fills at most 32 KiB).
constexpr size_t kReceiveBytes = 64 * 1024;
constexpr int kDumpAttempts = 8;

[[noreturn]] void MessageTooLong() {
  LogError("netlink: a request does not fit into its buffer");
  std::abort();
}

// The text that the kernel attached to an error, or "".
std::string ExtendedAck(const nlmsghdr* message) {
  if ((message->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return "";
  const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
  // With NETLINK_CAP_ACK the request is cut to its header in the answer.
  size_t skip = sizeof(nlmsgerr);
  if ((message->nlmsg_flags & NLM_F_CAPPED) == 0) skip += error->msg.nlmsg_len - sizeof(nlmsghdr);
  if (mnl_nlmsg_get_payload_len(message) < skip) return "";
  const NetlinkAttributes<NLMSGERR_ATTR_MAX> attributes(message, skip);
  const nlattr* text = attributes[NLMSGERR_ATTR_MSG];
  if (text == nullptr) return "";
  return std::string(mnl_attr_get_str(text),
                     strnlen(mnl_attr_get_str(text), mnl_attr_get_payload_len(text)));
}

absl::Status KernelError(const nlmsghdr* message, int error, std::string_view what) {
  const std::string explanation = ExtendedAck(message);
  const std::string where = fmt::format("{}: {}", what, strerrorname_np(error));
  return ErrnoStatus(error,
                     explanation.empty() ? where : fmt::format("{} ({})", where, explanation));
}

void SetOption(mnl_socket* socket, int option) {
  int on = 1;
  // Refused by old kernels only, which then explain their errors less well.
  mnl_socket_setsockopt(socket, option, &on, sizeof(on));
}

}  // namespace

NetlinkMessage::NetlinkMessage(uint16_t type, uint16_t flags)
    : buffer_{}, header_(mnl_nlmsg_put_header(buffer_.data())) {
  header_->nlmsg_type = type;
  header_->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
}

void NetlinkMessage::Put(uint16_t type, const void* bytes, size_t size) {
  if (!mnl_attr_put_check(header_, buffer_.size(), type, size, bytes)) MessageTooLong();
}

void NetlinkMessage::PutText(uint16_t type, std::string_view text) {
  const std::string terminated(text);
  Put(type, terminated.c_str(), terminated.size() + 1);
}

void NetlinkMessage::PutAddress(uint16_t type, const IpAddress& address) {
  Put(type, address.bytes(), static_cast<size_t>(AddressBytes(address.family())));
}

nlattr* NetlinkMessage::Begin(uint16_t type) {
  nlattr* nest = mnl_attr_nest_start_check(header_, buffer_.size(), type);
  if (nest == nullptr) MessageTooLong();
  return nest;
}

void* NetlinkMessage::PutRaw(size_t size) {
  if (header_->nlmsg_len + MNL_ALIGN(size) > buffer_.size()) MessageTooLong();
  return mnl_nlmsg_put_extra_header(header_, size);
}

absl::StatusOr<NetlinkSocket> NetlinkSocket::Open(int bus) {
  mnl_socket* raw = mnl_socket_open2(bus, SOCK_CLOEXEC);
  if (raw == nullptr) return ErrnoStatus(errno, "open netlink socket");
  NetlinkSocket socket(raw);
  if (mnl_socket_bind(raw, 0, MNL_SOCKET_AUTOPID) < 0) {
    return ErrnoStatus(errno, "bind netlink socket");
  }
  SetOption(raw, NETLINK_EXT_ACK);
  SetOption(raw, NETLINK_CAP_ACK);
  SetOption(raw, NETLINK_GET_STRICT_CHK);
  socket.receive_buffer_.resize(kReceiveBytes);
  return socket;
}

absl::StatusOr<NetlinkSocket> NetlinkSocket::OpenIn(int netns_fd) {
  std::optional<NetlinkSocket> socket;
  FL_RETURN_IF_ERROR(RunInNetns(netns_fd, [&socket]() -> absl::Status {
    FL_ASSIGN_OR_RETURN(socket, Open());
    return absl::OkStatus();
  }));
  return *std::move(socket);
}

absl::Status NetlinkSocket::Request(NetlinkMessage& message, std::string_view what) {
  return Get(message, what).status();
}

absl::StatusOr<NetlinkAnswers> NetlinkSocket::Get(NetlinkMessage& message, std::string_view what) {
  nlmsghdr* header = message.header();
  // The acknowledgement follows the answer and so marks its end.
  header->nlmsg_flags = static_cast<uint16_t>(header->nlmsg_flags | NLM_F_ACK);
  header->nlmsg_seq = ++sequence_;
  if (mnl_socket_sendto(socket_.get(), header, header->nlmsg_len) < 0) {
    return ErrnoStatus(errno, fmt::format("{}: send to the kernel", what));
  }
  NetlinkAnswers answers;
  bool interrupted = false;
  FL_RETURN_IF_ERROR(Receive(header->nlmsg_seq, what, &answers, &interrupted));
  return answers;
}

absl::StatusOr<NetlinkAnswers> NetlinkSocket::Dump(NetlinkMessage& message, std::string_view what) {
  nlmsghdr* header = message.header();
  header->nlmsg_flags = static_cast<uint16_t>(header->nlmsg_flags | NLM_F_DUMP);
  for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
    header->nlmsg_seq = ++sequence_;
    if (mnl_socket_sendto(socket_.get(), header, header->nlmsg_len) < 0) {
      return ErrnoStatus(errno, fmt::format("{}: send to the kernel", what));
    }
    NetlinkAnswers answers;
    bool interrupted = false;
    FL_RETURN_IF_ERROR(Receive(header->nlmsg_seq, what, &answers, &interrupted));
    if (!interrupted) return answers;
  }
  return absl::UnavailableError(fmt::format("{}: changed faster than it could be read", what));
}

absl::Status NetlinkSocket::Receive(uint32_t sequence, std::string_view what,
                                    NetlinkAnswers* answers, bool* interrupted) {
  for (;;) {
    const ssize_t got =
        mnl_socket_recvfrom(socket_.get(), receive_buffer_.data(), receive_buffer_.size());
    if (got < 0) {
      if (errno == EINTR) continue;
      return ErrnoStatus(errno, fmt::format("{}: receive from the kernel", what));
    }
    int left = static_cast<int>(got);
    const void* start = receive_buffer_.data();
    for (const auto* message = static_cast<const nlmsghdr*>(start); mnl_nlmsg_ok(message, left);
         message = mnl_nlmsg_next(message, &left)) {
      // An answer to a request that failed half way earlier.
      if (message->nlmsg_seq != sequence) continue;
      if ((message->nlmsg_flags & NLM_F_DUMP_INTR) != 0) *interrupted = true;
      if (message->nlmsg_type == NLMSG_ERROR) {
        const int error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message))->error;
        return error == 0 ? absl::OkStatus() : KernelError(message, -error, what);
      }
      if (message->nlmsg_type == NLMSG_DONE) {
        // The payload is the dump's result; negative when it broke off.
        int result = 0;
        if (mnl_nlmsg_get_payload_len(message) >= sizeof(result)) {
          std::memcpy(&result, mnl_nlmsg_get_payload(message), sizeof(result));
        }
        return result >= 0 ? absl::OkStatus() : ErrnoStatus(-result, what);
      }
      const void* bytes = message;
      const auto* first = static_cast<const char*>(bytes);
      answers->messages_.emplace_back(first, first + message->nlmsg_len);
    }
  }
}

int AddressFamily(Family family) { return family == Family::kIpv4 ? AF_INET : AF_INET6; }

bool ReadAddress(const nlattr* attribute, IpAddress* address) {
  const uint16_t size = mnl_attr_get_payload_len(attribute);
  if (size != 4 && size != 16) return false;
  *address = IpAddress::FromBytes(size == 4 ? Family::kIpv4 : Family::kIpv6,
                                  mnl_attr_get_payload(attribute));
  return true;
}

}  // namespace fairlead
