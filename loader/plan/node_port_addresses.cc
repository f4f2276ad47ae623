// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/node_port_addresses.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace fairlead::plan {
namespace {

constexpr char kPrimary[] = "primary";
constexpr char kLocalhost[] = "localhost";
constexpr char kAll[] = "all";

IpAddress Localhost(Family family) {
  const uint8_t v4[] = {127, 0, 0, 1};
  return family == Family::kIpv4 ? IpAddress::FromBytes(family, v4)
                                 : IpAddress::Unspecified(family).Plus(1);
}

// A block says nothing of the other family, a word means both.
bool SaysSomethingOf(Family family, const std::vector<std::string>& wanted) {
  return std::ranges::any_of(wanted, [family](const std::string& text) {
    const absl::StatusOr<Cidr> block = Cidr::Parse(text);
    return !block.ok() || block->family() == family;
  });
}

}  // namespace

absl::Status CheckNodePortAddresses(const std::vector<std::string>& wanted) {
  for (const std::string& text : wanted) {
    if (text == kPrimary || text == kLocalhost || text == kAll || Cidr::Parse(text).ok()) continue;
    return absl::InvalidArgumentError(fmt::format(
        "\"{}\" is neither primary, localhost, all nor an address block like 10.0.0.0/8", text));
  }
  return absl::OkStatus();
}

std::vector<IpAddress> ResolveNodePortAddresses(const std::vector<std::string>& wanted,
                                                const NodeAddresses& own,
                                                const std::vector<IpAddress>& present) {
  std::set<IpAddress> addresses;
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    if (!SaysSomethingOf(family, wanted)) addresses.insert(IpAddress::Unspecified(family));
  }
  for (const std::string& text : wanted) {
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      if (text == kAll) addresses.insert(IpAddress::Unspecified(family));
      if (text == kLocalhost) addresses.insert(Localhost(family));
      if (text == kPrimary && own.Of(family).has_value()) addresses.insert(*own.Of(family));
    }
    const absl::StatusOr<Cidr> block = Cidr::Parse(text);
    if (!block.ok()) continue;
    if (block->prefix_length() == 0) addresses.insert(IpAddress::Unspecified(block->family()));
    if (block->Contains(Localhost(block->family()))) addresses.insert(Localhost(block->family()));
    for (const IpAddress& address : present) {
      if (block->Contains(address)) addresses.insert(address);
    }
  }
  // Every address of a family: those by name would only be written twice.
  std::erase_if(addresses, [&](const IpAddress& address) {
    return !address.IsUnspecified() && addresses.contains(IpAddress::Unspecified(address.family()));
  });
  return {addresses.begin(), addresses.end()};
}

}  // namespace fairlead::plan
