// SPDX-License-Identifier: Apache-2.0
//
// Which source ports masquerading may use: not those that the host's own
// sockets, NodePorts or an administrator's reservation have a claim on.
#ifndef FAIRLEAD_LOADER_PLAN_MASQUERADE_PORTS_H_
#define FAIRLEAD_LOADER_PLAN_MASQUERADE_PORTS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace fairlead::plan {

struct PortRange {
  uint16_t first = 0;
  uint16_t last = 0;  // inclusive

  uint32_t size() const { return uint32_t{last} - first + 1; }
  std::string ToString() const;  // "10000-29999"
  friend bool operator==(const PortRange&, const PortRange&) = default;
};

// "10000-29999"; InvalidArgument.
absl::StatusOr<PortRange> ParsePortRange(std::string_view text);
// net.ipv4.ip_local_reserved_ports: "8080,9000-9010"; empty: none.
absl::StatusOr<std::vector<PortRange>> ParsePortList(std::string_view text);

// The largest stretch that none of `taken` touches, from 10000 on, where no
// well-known service is: filters on the way drop datagrams that seem to come
// from one. Only if less than 4096 ports are left there, from 1024 on.
// ResourceExhausted if nothing is left.
absl::StatusOr<PortRange> ChooseMasqueradePorts(const std::vector<PortRange>& taken);

}  // namespace fairlead::plan

#endif  // FAIRLEAD_LOADER_PLAN_MASQUERADE_PORTS_H_
