// SPDX-License-Identifier: Apache-2.0
#include "loader/pods/cni_socket.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/errno_status.h"
#include "loader/pods/cni_protocol.h"

namespace fairlead {
namespace {

// Room to see that somebody sends too many; more than this the kernel closes.
constexpr size_t kDescriptorRoom = 4;

struct ControlBuffer {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kDescriptorRoom)> bytes{};
};

// Takes ownership of every descriptor that came along; returns how many.
size_t TakeDescriptors(msghdr& header, UniqueFd* first) {
  size_t taken = 0;
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr;
       control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(control) + i * sizeof(int), sizeof(int));
      UniqueFd owned(fd);
      if (taken++ == 0) *first = std::move(owned);
    }
  }
  return taken;
}

}  // namespace

absl::StatusOr<sockaddr_un> UnixAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(fmt::format(
        "socket path \"{}\" is empty or longer than {} bytes", path, sizeof(address.sun_path) - 1));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

absl::Status SendMessage(int socket, std::string_view text, int descriptor) {
  const std::string copy(text);
  iovec part{.iov_base = const_cast<char*>(copy.data()), .iov_len = copy.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  ControlBuffer control;
  if (descriptor >= 0) {
    header.msg_control = control.bytes.data();
    header.msg_controllen = CMSG_SPACE(sizeof(int));
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &descriptor, sizeof(int));
  }
  ssize_t sent = -1;
  do {
    sent = ::sendmsg(socket, &header, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return ErrnoStatus(errno, "send message");
  return absl::OkStatus();
}

absl::StatusOr<SocketMessage> ReceiveMessage(int socket) {
  SocketMessage message;
  message.text.resize(kLongestCniMessage);
  iovec part{.iov_base = message.text.data(), .iov_len = message.text.size()};
  ControlBuffer control;
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes.data();
  header.msg_controllen = control.bytes.size();
  ssize_t got = -1;
  do {
    got = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return ErrnoStatus(errno, "receive message");
  const size_t descriptors = TakeDescriptors(header, &message.descriptor);
  if (got == 0) return absl::OutOfRangeError("the other side has closed the connection");
  if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || descriptors > 1) {
    return absl::InvalidArgumentError(fmt::format(
        "a message is longer than {} bytes or has more than one descriptor", kLongestCniMessage));
  }
  message.text.resize(static_cast<size_t>(got));
  return message;
}

}  // namespace fairlead
