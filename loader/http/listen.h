// SPDX-License-Identifier: Apache-2.0
//
// Where to listen: addresses as kube-proxy's flags write them, and sockets that
// wait there.
#ifndef FAIRLEAD_LOADER_HTTP_LISTEN_H_
#define FAIRLEAD_LOADER_HTTP_LISTEN_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/ip.h"
#include "base/unique_fd.h"

namespace fairlead::http {

// "0.0.0.0:10256", "[::]:10256"; an address alone gets `default_port`. "" and "0": nullopt, do not
// listen. InvalidArgument for all else.
absl::StatusOr<std::optional<Endpoint>> ParseBindAddress(std::string_view text,
                                                         uint16_t default_port);

// Whether [::] also takes IPv4 clients, as Go's net.Listen does.
enum class Families { kOwn, kBoth };

// A TCP socket that listens at `where` and never blocks. An error names the address.
absl::StatusOr<UniqueFd> Listen(const Endpoint& where, Families families);

}  // namespace fairlead::http

#endif  // FAIRLEAD_LOADER_HTTP_LISTEN_H_
