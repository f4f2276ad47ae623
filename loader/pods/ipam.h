// SPDX-License-Identifier: Apache-2.0
//
// Addresses of this node's pods out of its podCIDRs (Node.spec.podCIDRs: at
// most one block per family). A pod gets one address of every family the node
// has, or none at all. The base address of a block (the subnet-router anycast
// address of IPv6, RFC 4291 2.6.1) and its last one (IPv4 broadcast) are never
// given out.
#ifndef FAIRLEAD_LOADER_PODS_IPAM_H_
#define FAIRLEAD_LOADER_PODS_IPAM_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"
#include "loader/pods/number_pool.h"

namespace fairlead {

struct PodAddresses {
  std::optional<IpAddress> ip4 = std::nullopt;
  std::optional<IpAddress> ip6 = std::nullopt;
};

// One block.
class AddressPool {
 public:
  // InvalidArgument if the block has no address to give.
  static absl::StatusOr<AddressPool> Make(const Cidr& block);

  // ResourceExhausted when every address is in use.
  absl::StatusOr<IpAddress> Take();
  // This very address. OutOfRange: the block does not have it for pods; Aborted:
  // it is in use.
  absl::StatusOr<IpAddress> TakeThis(const IpAddress& address);
  absl::Status CheckFree() const;  // ResourceExhausted as above
  const Cidr& block() const { return block_; }
  bool Reserve(const IpAddress& address);  // false: in use, or not of this block
  void Release(const IpAddress& address);  // others' addresses are ignored
  std::vector<IpAddress> Freed() const;    // longest ago first
  void RememberFreed(const std::vector<IpAddress>& oldest_first);

 private:
  AddressPool(const Cidr& block, uint64_t count) : block_(block), numbers_(1, count) {}
  // The address as an offset into the block; nullopt outside of it.
  std::optional<uint64_t> OffsetOf(const IpAddress& address) const;

  Cidr block_;
  NumberPool numbers_;
};

class Ipam {
 public:
  // No block: a node that cannot have pods. InvalidArgument for two blocks of
  // one family and for blocks too small.
  static absl::StatusOr<Ipam> Make(const std::vector<Cidr>& blocks);

  bool empty() const { return !pool4_ && !pool6_; }
  bool has_ipv6() const { return pool6_.has_value(); }
  // `wanted` may name addresses, for which the codes are those of TakeThis().
  absl::StatusOr<PodAddresses> Take(const PodAddresses& wanted = {});
  absl::Status CheckFree() const;  // ResourceExhausted: the next Take() will fail
  // Addresses outside the blocks (of a pod that is older than them) are OK.
  void Reserve(const PodAddresses& addresses);
  // Whether each address is in a block of its family.
  bool Covers(const PodAddresses& addresses) const;
  void Release(const PodAddresses& addresses);
  std::vector<IpAddress> Freed() const;
  void RememberFreed(const std::vector<IpAddress>& oldest_first);

 private:
  std::optional<AddressPool> pool4_;
  std::optional<AddressPool> pool6_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_PODS_IPAM_H_
