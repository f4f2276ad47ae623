// SPDX-License-Identifier: Apache-2.0
//
// Addresses as values: one type for both families, so that everything above
// the ABI is written once. Bytes are in network order, as on the wire.
#ifndef FAIRLEAD_BASE_IP_H_
#define FAIRLEAD_BASE_IP_H_

#include <array>
#include <compare>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fairlead {

enum class Family : uint8_t { kIpv4 = 4, kIpv6 = 6 };

constexpr int AddressBytes(Family family) { return family == Family::kIpv4 ? 4 : 16; }
constexpr int AddressBits(Family family) { return AddressBytes(family) * 8; }
const char* FamilyName(Family family);  // "IPv4", "IPv6"

// IANA protocol numbers that have a meaning to fairlead.
enum class Protocol : uint8_t { kIcmp = 1, kTcp = 6, kUdp = 17, kIcmpv6 = 58, kSctp = 132 };
std::string ProtocolName(uint8_t protocol);  // "tcp", "udp", …; the number if it has no name

class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0
  // `bytes` holds AddressBytes(family) bytes in network order.
  static IpAddress FromBytes(Family family, const void* bytes);
  static IpAddress Unspecified(Family family);  // 0.0.0.0, ::
  // 16 bytes: IPv4 if they are IPv4-mapped, ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), IPv6 otherwise.
  static IpAddress FromMapped(const void* bytes);
  // Textual form of RFC 4291/dotted quad. Strict: no leading zeros, no zone.
  static absl::StatusOr<IpAddress> Parse(std::string_view text);

  Family family() const { return family_; }
  const uint8_t* bytes() const { return bytes_.data(); }
  std::string ToString() const;
  bool IsUnspecified() const;
  bool IsLoopback() const;  // 127.0.0.0/8, ::1
  bool IsMulticast() const;
  // In the form of IPv6: IPv4 as FromMapped takes it, IPv6 as it is.
  IpAddress AsMapped() const;
  // The address `offset` further on, carrying over all bytes (wraps at the end).
  IpAddress Plus(uint64_t offset) const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

  template <typename H>
  friend H AbslHashValue(H h, const IpAddress& a) {
    return H::combine(std::move(h), a.family_, a.bytes_);
  }

 private:
  Family family_ = Family::kIpv4;
  std::array<uint8_t, 16> bytes_{};  // unused tail is zero
};

// An address block. The host part is zero: Parse and Make mask it away.
class Cidr {
 public:
  Cidr() = default;
  static Cidr Make(const IpAddress& address, int prefix_length);
  static Cidr Of(const IpAddress& address);  // it alone: /32, /128
  static absl::StatusOr<Cidr> Parse(
      std::string_view text);  // "10.0.0.0/8"; a bare address is /32, /128

  const IpAddress& address() const { return address_; }
  Family family() const { return address_.family(); }
  int prefix_length() const { return prefix_length_; }
  bool Contains(const IpAddress& address) const;
  std::string ToString() const;

  friend auto operator<=>(const Cidr&, const Cidr&) = default;

  template <typename H>
  friend H AbslHashValue(H h, const Cidr& c) {
    return H::combine(std::move(h), c.address_, c.prefix_length_);
  }

 private:
  IpAddress address_;
  int prefix_length_ = 0;
};

// An address and a port in host order.
struct Endpoint {
  IpAddress address;
  uint16_t port = 0;

  std::string ToString() const;  // "10.0.0.1:80", "[fd00::1]:80"
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;

  template <typename H>
  friend H AbslHashValue(H h, const Endpoint& e) {
    return H::combine(std::move(h), e.address, e.port);
  }
};

using MacAddress = std::array<uint8_t, 6>;
std::string MacToString(const MacAddress& mac);
absl::StatusOr<MacAddress> ParseMac(std::string_view text);

std::ostream& operator<<(std::ostream& os, Family family);
std::ostream& operator<<(std::ostream& os, const IpAddress& address);
std::ostream& operator<<(std::ostream& os, const Cidr& cidr);
std::ostream& operator<<(std::ostream& os, const Endpoint& endpoint);

}  // namespace fairlead

#endif  // FAIRLEAD_BASE_IP_H_
