// SPDX-License-Identifier: Apache-2.0
#include "loader/http/listen.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string>

#include "base/errno_status.h"
#include "base/socket_address.h"

namespace fairlead::http {
absl::StatusOr<std::optional<Endpoint>> ParseBindAddress(std::string_view text,
                                                         uint16_t default_port) {
  if (text.empty() || text == "0") return std::optional<Endpoint>();
  if (const auto alone = IpAddress::Parse(text); alone.ok()) {
    return std::optional(Endpoint{*alone, default_port});
  }
  const size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, std::min(colon, text.size()));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::Parse(host);
  const std::string_view digits =
      colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), port);
  const bool bare_ipv6 =
      address.ok() && address->family() == Family::kIpv6 && !text.starts_with('[');
  if (!address.ok() || bare_ipv6 || error != std::errc() || end != digits.end() || port == 0) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\" is no address like 0.0.0.0:10256 or [::]:10256", text));
  }
  return std::optional(Endpoint{*address, port});
}

absl::StatusOr<UniqueFd> Listen(const Endpoint& where, Families families) {
  const std::string what = "listen on " + where.ToString();
  const bool ipv4 = where.address.family() == Family::kIpv4;
  UniqueFd fd(socket(ipv4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.ok()) return ErrnoStatus(errno, what);
  const int on = 1;
  const int only_ipv6 = families == Families::kOwn ? 1 : 0;
  const SocketAddress address(where);
  // A predecessor's connections in TIME_WAIT must not keep us from the port.
  if (setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
      (!ipv4 && setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only_ipv6, sizeof(only_ipv6))) ||
      bind(fd.get(), address.get(), address.size) != 0 || listen(fd.get(), SOMAXCONN) != 0) {
    return ErrnoStatus(errno, what);
  }
  return fd;
}

}  // namespace fairlead::http
