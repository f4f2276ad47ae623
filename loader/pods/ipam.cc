// SPDX-License-Identifier: Apache-2.0
#include "loader/pods/ipam.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/status_macros.h"

namespace fairlead {
namespace {

// More than a node will ever have pods; keeps arithmetic on offsets simple for
// IPv6 blocks of /64 and shorter, of which only the beginning is used.
constexpr uint64_t kMostAddresses = uint64_t{1} << 48;

}  // namespace

absl::StatusOr<AddressPool> AddressPool::Make(const Cidr& block) {
  const int host_bits = AddressBits(block.family()) - block.prefix_length();
  if (host_bits < 2) {
    return absl::InvalidArgumentError(
        fmt::format("pod block {} is too small: its base address and its last one are not for pods",
                    block.ToString()));
  }
  const uint64_t size = host_bits >= 48 ? kMostAddresses : uint64_t{1} << host_bits;
  return AddressPool(block, size - 2);
}

std::optional<uint64_t> AddressPool::OffsetOf(const IpAddress& address) const {
  if (!block_.Contains(address)) return std::nullopt;
  const int bytes = AddressBytes(address.family());
  uint64_t offset = 0;
  for (int i = 0; i < bytes; ++i) {
    const uint8_t difference = address.bytes()[i] ^ block_.address().bytes()[i];
    if (offset >> 56 != 0) return std::nullopt;  // beyond what is given out
    offset = offset << 8 | difference;           // the block's host part is zero
  }
  return offset;
}

absl::StatusOr<IpAddress> AddressPool::Take() {
  FL_RETURN_IF_ERROR(CheckFree());
  return block_.address().Plus(*numbers_.Take());
}

absl::StatusOr<IpAddress> AddressPool::TakeThis(const IpAddress& address) {
  const std::optional<uint64_t> offset = OffsetOf(address);
  if (!offset || !numbers_.Contains(*offset)) {
    return absl::OutOfRangeError(fmt::format("{} is asked for, and is no pod address of block {}",
                                             address.ToString(), block_.ToString()));
  }
  if (numbers_.Reserve(*offset)) return address;
  return absl::AbortedError(
      fmt::format("{} is asked for, and is in use by another pod", address.ToString()));
}

absl::Status AddressPool::CheckFree() const {
  if (numbers_.used() < numbers_.count()) return absl::OkStatus();
  return absl::ResourceExhaustedError(fmt::format(
      "every address of pod block {} is in use, {} of {}: delete pods, or give the node a larger "
      "block",
      block_.ToString(), numbers_.used(), numbers_.count()));
}

bool AddressPool::Reserve(const IpAddress& address) {
  const std::optional<uint64_t> offset = OffsetOf(address);
  return offset && numbers_.Reserve(*offset);
}

void AddressPool::Release(const IpAddress& address) {
  if (const std::optional<uint64_t> offset = OffsetOf(address)) numbers_.Release(*offset);
}

std::vector<IpAddress> AddressPool::Freed() const {
  std::vector<IpAddress> addresses;
  for (const uint64_t offset : numbers_.freed()) addresses.push_back(block_.address().Plus(offset));
  return addresses;
}

void AddressPool::RememberFreed(const std::vector<IpAddress>& oldest_first) {
  std::vector<uint64_t> offsets;
  for (const IpAddress& address : oldest_first) {
    if (const std::optional<uint64_t> offset = OffsetOf(address)) offsets.push_back(*offset);
  }
  numbers_.RememberFreed(offsets);
}

absl::StatusOr<Ipam> Ipam::Make(const std::vector<Cidr>& blocks) {
  Ipam ipam;
  for (const Cidr& block : blocks) {
    std::optional<AddressPool>& pool = block.family() == Family::kIpv4 ? ipam.pool4_ : ipam.pool6_;
    if (pool) {
      return absl::InvalidArgumentError(fmt::format("the node has a second {} pod block, {}",
                                                    FamilyName(block.family()), block.ToString()));
    }
    FL_ASSIGN_OR_RETURN(pool, AddressPool::Make(block));
  }
  return ipam;
}

absl::StatusOr<PodAddresses> Ipam::Take(const PodAddresses& wanted) {
  for (const auto& [address, pool] : {std::pair{&wanted.ip4, &pool4_}, {&wanted.ip6, &pool6_}}) {
    if (*address && !*pool) {
      return absl::OutOfRangeError(fmt::format(
          "{} is asked for, and the node has no pod block of its family", (*address)->ToString()));
    }
  }
  PodAddresses taken;
  if (pool4_) {
    FL_ASSIGN_OR_RETURN(taken.ip4, wanted.ip4 ? pool4_->TakeThis(*wanted.ip4) : pool4_->Take());
  }
  if (pool6_) {
    absl::StatusOr<IpAddress> address = wanted.ip6 ? pool6_->TakeThis(*wanted.ip6) : pool6_->Take();
    if (!address.ok()) {
      Release(taken);
      return address.status();
    }
    taken.ip6 = *address;
  }
  return taken;
}

absl::Status Ipam::CheckFree() const {
  if (pool4_) FL_RETURN_IF_ERROR(pool4_->CheckFree());
  return pool6_ ? pool6_->CheckFree() : absl::OkStatus();
}

void Ipam::Reserve(const PodAddresses& addresses) {
  if (pool4_ && addresses.ip4) pool4_->Reserve(*addresses.ip4);
  if (pool6_ && addresses.ip6) pool6_->Reserve(*addresses.ip6);
}

bool Ipam::Covers(const PodAddresses& addresses) const {
  const auto covers = [](const std::optional<AddressPool>& pool,
                         const std::optional<IpAddress>& address) {
    return !address || (pool && pool->block().Contains(*address));
  };
  return covers(pool4_, addresses.ip4) && covers(pool6_, addresses.ip6);
}

void Ipam::Release(const PodAddresses& addresses) {
  if (pool4_ && addresses.ip4) pool4_->Release(*addresses.ip4);
  if (pool6_ && addresses.ip6) pool6_->Release(*addresses.ip6);
}

std::vector<IpAddress> Ipam::Freed() const {
  std::vector<IpAddress> freed;
  if (pool4_) freed = pool4_->Freed();
  if (pool6_) std::ranges::copy(pool6_->Freed(), std::back_inserter(freed));
  return freed;
}

void Ipam::RememberFreed(const std::vector<IpAddress>& oldest_first) {
  if (pool4_) pool4_->RememberFreed(oldest_first);
  if (pool6_) pool6_->RememberFreed(oldest_first);
}

}  // namespace fairlead
