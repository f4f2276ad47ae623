// SPDX-License-Identifier: Apache-2.0
//
// See sockets.h.
#include "tests/netns/sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/errno_status.h"
#include "lab/network_namespace.h"

namespace fairlead::testing {
namespace {

int Domain(const Endpoint& endpoint) {
  return endpoint.address.family() == Family::kIpv4 ? AF_INET : AF_INET6;
}

void SetPatience(int fd, int milliseconds) {
  const timeval patience = {.tv_sec = milliseconds / 1000,
                            .tv_usec = (milliseconds % 1000) * 1000L};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

}  // namespace

UniqueFd Serve(const std::string& network_namespace, int type, const Endpoint& local) {
  UniqueFd fd;
  const absl::Status served = lab::InNamespace(network_namespace, [&]() -> absl::Status {
    fd = UniqueFd(::socket(Domain(local), type | SOCK_CLOEXEC, 0));
    if (!fd.ok()) return ErrnoStatus(errno, "make a socket in " + network_namespace);
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    SocketAddress address(local);
    if (::bind(fd.get(), address.get(), address.size) != 0 ||
        (type == SOCK_STREAM && ::listen(fd.get(), 128) != 0)) {
      return ErrnoStatus(errno, fmt::format("serve {} in {}", local.ToString(), network_namespace));
    }
    return absl::OkStatus();
  });
  if (!served.ok()) {
    fmt::print(stderr, "{}\n", served.ToString());
    std::abort();
  }
  return fd;
}

UniqueFd Connect(const std::string& network_namespace, int type, const Endpoint& to, int& error,
                 int patience_milliseconds) {
  UniqueFd fd;
  const absl::Status made = lab::InNamespace(network_namespace, [&] {
    fd = UniqueFd(::socket(Domain(to), type | SOCK_CLOEXEC, 0));
    return absl::OkStatus();
  });
  if (!made.ok() || !fd.ok()) {
    error = ENONET;
    return UniqueFd();
  }
  SetPatience(fd.get(), patience_milliseconds);
  SocketAddress address(to);
  error = ::connect(fd.get(), address.get(), address.size) == 0 ? 0 : errno;
  if (error == EINPROGRESS) error = ETIMEDOUT;  // how SO_SNDTIMEO ends a connect
  return error == 0 ? std::move(fd) : UniqueFd();
}

}  // namespace fairlead::testing
