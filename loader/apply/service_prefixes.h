// SPDX-License-Identifier: Apache-2.0
//
// ServicePrefixes: one family's addresses of Services and ServiceCIDRs in
// `prefixes`, so that a ClusterIP without that port, or one that nobody has, is
// not mistaken for the world, and a later fragment, which shows no port, not for
// a stranger's. The rest of that table is NodeTables' (node_prefixes.h), whose
// entries are stronger but for one: where pods keep their addresses in the world
// (PREFIX_DIRECT), what only Services have takes its place.
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
  return entry.kind == PREFIX_SERVICE || entry.kind == PREFIX_SERVICE_CIDR ||
         entry.kind == PREFIX_VIRTUAL_IP;
}

// There is nobody else at such an address.
inline bool IsOnlyOfServices(uint32_t kind) {
  return kind == PREFIX_SERVICE || kind == PREFIX_SERVICE_CIDR;
}

template <typename Abi>
class ServicePrefixes {
 public:
  // Reads what the table holds, which outlives this object.
  static absl::StatusOr<ServicePrefixes> Adopt(FamilyTables<Abi>& tables);

  // Counts a frontend of a kind (enum service_kind); the first one of its address
  // writes, the last one takes away. Those at the node's own addresses need nothing.
  absl::Status Add(const IpAddress& vip, uint32_t frontend_kind);
  absl::Status Remove(const IpAddress& vip, uint32_t frontend_kind);
  // Counts one that is in the tables already.
  void Know(const IpAddress& vip, uint32_t frontend_kind);
  // Those of this family count.
  absl::Status SetCidrs(const std::vector<Cidr>& cidrs);
  // Takes away addresses that nobody has counted.
  absl::Status ForgetUnknown();
  // Writes what is missing since NodeTables took away an entry of its own there. Price: a lookup
  // for each.
  absl::Status Keep();

 private:
  struct Users {
    uint32_t of_cluster_ip = 0;
    uint32_t of_virtual_ip = 0;

    // What the table shall say of their address; 0: nothing.
    uint32_t kind() const;
  };

  // nullptr: a kind of frontend at the node's own addresses.
  uint32_t* UsersOf(const IpAddress& vip, uint32_t frontend_kind);
  absl::Status Write(const IpAddress& vip);
  absl::Status Put(const Cidr& block, uint32_t kind);
  absl::StatusOr<bool> IsThere(const prefix& match, const Cidr& block);
  absl::Status Ensure(const Cidr& block, uint32_t kind);
  absl::Status Erase(const Cidr& block);

  FamilyTables<Abi>* tables_ = nullptr;
  std::map<Cidr, uint32_t> wanted_;  // kinds; in the table unless NodeTables has the place
  std::map<IpAddress, Users> users_;
};

}  // namespace fairlead::apply

#endif  // FAIRLEAD_LOADER_APPLY_SERVICE_PREFIXES_H_
