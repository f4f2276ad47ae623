// SPDX-License-Identifier: Apache-2.0
#include "base/ip.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace fairlead {
namespace {

// What comes before an IPv4 address that is written as one of IPv6.
constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

const char* FamilyName(Family family) { return family == Family::kIpv4 ? "IPv4" : "IPv6"; }

std::string ProtocolName(uint8_t protocol) {
  switch (static_cast<Protocol>(protocol)) {
    case Protocol::kIcmp:
      return "icmp";
    case Protocol::kTcp:
      return "tcp";
    case Protocol::kUdp:
      return "udp";
    case Protocol::kIcmpv6:
      return "icmpv6";
    case Protocol::kSctp:
      return "sctp";
  }
  return fmt::format("{}", protocol);
}

IpAddress IpAddress::FromBytes(Family family, const void* bytes) {
  IpAddress address;
  address.family_ = family;
  std::memcpy(address.bytes_.data(), bytes, AddressBytes(family));
  return address;
}

IpAddress IpAddress::Unspecified(Family family) {
  IpAddress address;
  address.family_ = family;
  return address;
}

IpAddress IpAddress::FromMapped(const void* bytes) {
  const auto* const begin = static_cast<const uint8_t*>(bytes);
  const bool is_mapped = std::equal(kMapped.begin(), kMapped.end(), begin);
  return is_mapped ? FromBytes(Family::kIpv4, begin + kMapped.size())
                   : FromBytes(Family::kIpv6, begin);
}

IpAddress IpAddress::AsMapped() const {
  if (family_ == Family::kIpv6) return *this;
  IpAddress mapped = Unspecified(Family::kIpv6);
  std::copy(kMapped.begin(), kMapped.end(), mapped.bytes_.begin());
  std::copy_n(bytes_.begin(), AddressBytes(Family::kIpv4), mapped.bytes_.begin() + kMapped.size());
  return mapped;
}

absl::StatusOr<IpAddress> IpAddress::Parse(std::string_view text) {
  const std::string copy(text);
  uint8_t bytes[16];
  if (inet_pton(AF_INET, copy.c_str(), bytes) == 1) return FromBytes(Family::kIpv4, bytes);
  if (inet_pton(AF_INET6, copy.c_str(), bytes) == 1) return FromBytes(Family::kIpv6, bytes);
  return absl::InvalidArgumentError(fmt::format("\"{}\" is not an IP address", text));
}

std::string IpAddress::ToString() const {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(family_ == Family::kIpv4 ? AF_INET : AF_INET6, bytes_.data(), text, sizeof(text));
  return text;
}

bool IpAddress::IsLoopback() const {
  if (family_ == Family::kIpv4) return bytes_[0] == 127;
  return bytes_[15] == 1 &&
         std::all_of(bytes_.begin(), bytes_.end() - 1, [](uint8_t byte) { return byte == 0; });
}

bool IpAddress::IsMulticast() const {
  return family_ == Family::kIpv4 ? (bytes_[0] & 0xf0) == 0xe0 : bytes_[0] == 0xff;
}

bool IpAddress::IsUnspecified() const { return bytes_ == std::array<uint8_t, 16>{}; }

IpAddress IpAddress::Plus(uint64_t offset) const {
  IpAddress result = *this;
  for (int i = AddressBytes(family_) - 1; i >= 0 && offset != 0; --i) {
    const uint64_t sum = result.bytes_[i] + (offset & 0xff);
    result.bytes_[i] = static_cast<uint8_t>(sum);
    offset = (offset >> 8) + (sum >> 8);
  }
  return result;
}

Cidr Cidr::Make(const IpAddress& address, int prefix_length) {
  Cidr cidr;
  cidr.prefix_length_ = prefix_length;
  uint8_t bytes[16] = {};
  std::memcpy(bytes, address.bytes(), AddressBytes(address.family()));
  for (int bit = prefix_length; bit < AddressBits(address.family()); ++bit) {
    bytes[bit / 8] &= static_cast<uint8_t>(~(0x80 >> (bit % 8)));
  }
  cidr.address_ = IpAddress::FromBytes(address.family(), bytes);
  return cidr;
}

Cidr Cidr::Of(const IpAddress& address) { return Make(address, AddressBits(address.family())); }

absl::StatusOr<Cidr> Cidr::Parse(std::string_view text) {
  const size_t slash = text.find('/');
  const absl::StatusOr<IpAddress> address = IpAddress::Parse(text.substr(0, slash));
  if (!address.ok()) {
    return absl::InvalidArgumentError(fmt::format("\"{}\" is not a CIDR", text));
  }
  if (slash == std::string_view::npos) return Of(*address);
  const int bits = AddressBits(address->family());
  int length = -1;
  const std::string_view digits = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc() || end != digits.data() + digits.size() || length < 0 || length > bits) {
    return absl::InvalidArgumentError(fmt::format("\"{}\" has a bad prefix length", text));
  }
  return Make(*address, length);
}

bool Cidr::Contains(const IpAddress& address) const {
  return address.family() == family() && Make(address, prefix_length_).address() == address_;
}

std::string Cidr::ToString() const {
  return fmt::format("{}/{}", address_.ToString(), prefix_length_);
}

std::string Endpoint::ToString() const {
  if (address.family() == Family::kIpv4) return fmt::format("{}:{}", address.ToString(), port);
  return fmt::format("[{}]:{}", address.ToString(), port);
}

std::string MacToString(const MacAddress& mac) {
  return fmt::format("{:02x}", fmt::join(mac, ":"));
}

absl::StatusOr<MacAddress> ParseMac(std::string_view text) {
  MacAddress mac{};
  bool ok = text.size() == 17;
  for (size_t i = 0; ok && i < mac.size(); ++i) {
    const char* byte = text.data() + (3 * i);
    const auto [end, error] = std::from_chars(byte, byte + 2, mac[i], 16);
    ok = error == std::errc() && end == byte + 2 && (i == 5 || *end == ':');
  }
  if (!ok) return absl::InvalidArgumentError(fmt::format("\"{}\" is not a MAC address", text));
  return mac;
}

std::ostream& operator<<(std::ostream& os, Family family) { return os << FamilyName(family); }
std::ostream& operator<<(std::ostream& os, const IpAddress& a) { return os << a.ToString(); }
std::ostream& operator<<(std::ostream& os, const Cidr& cidr) { return os << cidr.ToString(); }
std::ostream& operator<<(std::ostream& os, const Endpoint& e) { return os << e.ToString(); }

}  // namespace fairlead
