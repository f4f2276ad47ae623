// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/http_client.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cstdlib>

#include "tests/netns/sockets.h"

namespace fairlead::testing {

HttpAnswer HttpGet(const std::string& network_namespace, const Endpoint& server,
                   const std::string& path) {
  int error = 0;
  const UniqueFd fd = Connect(network_namespace, SOCK_STREAM, server, error);
  if (error != 0) return {};
  const std::string request =
      fmt::format("GET {} HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n", path);
  if (send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return {};
  std::string text;
  char bytes[65536];
  for (ssize_t got = 0; (got = recv(fd.get(), bytes, sizeof(bytes), 0)) > 0;) {
    text.append(bytes, static_cast<size_t>(got));
  }
  const size_t end = text.find("\r\n\r\n");
  if (!text.starts_with("HTTP/1.1 ") || end == std::string::npos) return {};
  return {std::atoi(text.c_str() + 9), text.substr(0, end + 2), text.substr(end + 4)};
}

}  // namespace fairlead::testing
