// SPDX-License-Identifier: Apache-2.0
//
// PodTable: pods of this node into `pods` and `pod_address`. A slot's new
// tenant has a new generation, so that flows of the old one notice.
#ifndef FAIRLEAD_LOADER_APPLY_POD_TABLE_H_
#define FAIRLEAD_LOADER_APPLY_POD_TABLE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "base/ip.h"
#include "maps/tables.h"

namespace fairlead::apply {

struct PodEntry {
  uint32_t slot = 0;     // below FL_MAX_PODS
  uint32_t ifindex = 0;  // of the host end of its veth pair
  MacAddress mac{};      // of its own end
  std::optional<IpAddress> ip4;
  std::optional<IpAddress> ip6;
  uint16_t mtu = 0;  // of its interface; 0: not known
};

class PodTable {
 public:
  explicit PodTable(Tables& tables) : tables_(tables) {}  // which outlives this object

  // Writes nothing if the entry is there already, as after a restart. Another MTU
  // makes no new tenant.
  absl::Status Put(const PodEntry& pod);
  // An empty slot is fine.
  absl::Status Remove(uint32_t slot);
  // FailedPrecondition unless the tables say of this pod what Put has written.
  absl::Status Check(const PodEntry& pod) const;
  std::vector<uint32_t> slots() const;  // that have a tenant

 private:
  Tables& tables_;
};

}  // namespace fairlead::apply

#endif  // FAIRLEAD_LOADER_APPLY_POD_TABLE_H_
