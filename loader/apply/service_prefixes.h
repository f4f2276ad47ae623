// SPDX-License-Identifier: Apache-2.0
//
// ServicePrefixes: one family's ClusterIPs and ServiceCIDRs in `prefixes`, so
// that an address of a Service without that port, or of none, is not mistaken
// for the world. The rest of that table is NodeTables' (node_tables.h), whose
// entries are stronger: they are never touched here.
#ifndef FAIRLEAD_LOADER_APPLY_SERVICE_PREFIXES_H_
#define FAIRLEAD_LOADER_APPLY_SERVICE_PREFIXES_H_

#include <cstdint>
#include <map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"
#include "maps/tables.h"

namespace fairlead::apply {

// Written by ServicePrefixes, not by NodeTables.
inline bool IsOfServices(const prefix& entry) {
  return entry.kind == PREFIX_SERVICE || entry.kind == PREFIX_SERVICE_CIDR;
}

template <typename Abi>
class ServicePrefixes {
 public:
  // Reads what the table holds, which outlives this object.
  static absl::StatusOr<ServicePrefixes> Adopt(FamilyTables<Abi>& tables);

  // Counts a frontend at a ClusterIP; the first one writes, the last one takes away.
  absl::Status Add(const IpAddress& cluster_ip);
  absl::Status Remove(const IpAddress& cluster_ip);
  // Counts one that is in the tables already.
  void Know(const IpAddress& cluster_ip) { ++frontends_[cluster_ip]; }
  // Those of this family count.
  absl::Status SetCidrs(const std::vector<Cidr>& cidrs);
  // Takes away ClusterIPs that nobody has counted.
  absl::Status ForgetUnknown();

 private:
  absl::Status Put(const Cidr& block, uint32_t kind);
  absl::Status Erase(const Cidr& block);

  FamilyTables<Abi>* tables_ = nullptr;
  std::map<Cidr, uint32_t> written_;  // kinds
  std::map<IpAddress, uint32_t> frontends_;
};

}  // namespace fairlead::apply

#endif  // FAIRLEAD_LOADER_APPLY_SERVICE_PREFIXES_H_
