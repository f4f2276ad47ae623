// SPDX-License-Identifier: Apache-2.0
#include "loader/netlink/checksum_offload.h"

#include <fmt/format.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"

namespace fairlead {
namespace {

absl::StatusOr<uint32_t> Ask(const std::string& device, uint32_t command, uint32_t value) {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  if (device.size() >= sizeof(request.ifr_name)) {
    return absl::InvalidArgumentError(fmt::format("'{}' is no name of a device", device));
  }
  std::memcpy(request.ifr_name, device.data(), device.size());
  ethtool_value asked{.cmd = command, .data = value};
  request.ifr_data = reinterpret_cast<char*>(&asked);
  if (!socket.ok() || ::ioctl(socket.get(), SIOCETHTOOL, &request) < 0) {
    return ErrnoStatus(errno, fmt::format("checksum offload of {}", device));
  }
  return asked.data;
}

}  // namespace

absl::StatusOr<bool> HasChecksumOffload(const std::string& device) {
  FL_ASSIGN_OR_RETURN(const uint32_t on, Ask(device, ETHTOOL_GTXCSUM, 0));
  return on != 0;
}

absl::Status SwitchChecksumOffloadOff(const std::string& device) {
  return Ask(device, ETHTOOL_STXCSUM, 0).status();
}

}  // namespace fairlead
