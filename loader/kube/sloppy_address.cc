// SPDX-License-Identifier: Apache-2.0
//
// Respells a sloppy address for the strict parser of base/ip.h.
#include "loader/kube/sloppy_address.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

#include "base/status_macros.h"

namespace fairlead::kube {
namespace {

// Bits in front of the IPv4 address in ::ffff:a.b.c.d (RFC 4291, 2.5.5.2).
constexpr int kMappedPrefixBits = 96;

bool AllDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// "::010.0.0.1" → "::10.0.0.1".
std::string WithoutLeadingZeros(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.find('.') == std::string_view::npos) {
    return std::string(text);
  }
  std::string respelt;
  size_t at = colon + 1;
  respelt.append(text.substr(0, at));
  while (at < text.size()) {
    const size_t dot = std::min(text.find('.', at), text.size());
    std::string_view part = text.substr(at, dot - at);
    if (AllDigits(part)) part.remove_prefix(std::min(part.find_first_not_of('0'), part.size() - 1));
    respelt.append(part);
    if (dot < text.size()) respelt.push_back('.');
    at = dot + 1;
  }
  return respelt;
}

// The IPv4 address inside ::ffff:a.b.c.d.
std::optional<IpAddress> Mapped(const IpAddress& address) {
  static constexpr uint8_t kPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (address.family() != Family::kIpv6) return std::nullopt;
  if (std::memcmp(address.bytes(), kPrefix, sizeof(kPrefix)) != 0) return std::nullopt;
  return IpAddress::FromBytes(Family::kIpv4, address.bytes() + sizeof(kPrefix));
}

// Four numbers up to 255, with as many zeros before them as there may be.
std::optional<IpAddress> DottedQuad(std::string_view text) {
  constexpr int kParts = 4;
  uint8_t bytes[kParts] = {};
  int part = 0;
  bool has_digit = false;
  for (const char c : text) {
    if (c == '.') {
      if (!has_digit || ++part == kParts) return std::nullopt;
      has_digit = false;
      continue;
    }
    const int value = bytes[part] * 10 + (c - '0');
    if (c < '0' || c > '9' || value > UINT8_MAX) return std::nullopt;
    bytes[part] = static_cast<uint8_t>(value);
    has_digit = true;
  }
  if (part != kParts - 1 || !has_digit) return std::nullopt;
  return IpAddress::FromBytes(Family::kIpv4, bytes);
}

absl::StatusOr<IpAddress> ParseUnmapped(std::string_view text) {
  if (const auto address = DottedQuad(text)) return *address;
  // Embedded NUL bytes would end the text early for inet_pton.
  if (text.find('\0') == std::string_view::npos) {
    if (auto address = IpAddress::Parse(WithoutLeadingZeros(text)); address.ok()) return address;
  }
  return absl::InvalidArgumentError(fmt::format("must be an IP address, is \"{}\"", text));
}

}  // namespace

absl::StatusOr<IpAddress> ParseAddressSloppily(std::string_view text) {
  FL_ASSIGN_OR_RETURN(const IpAddress address, ParseUnmapped(text));
  return Mapped(address).value_or(address);
}

absl::StatusOr<Cidr> ParseCidrSloppily(std::string_view text) {
  const std::string_view trimmed = Trim(text);
  absl::Status refused = absl::InvalidArgumentError(
      fmt::format("must be an address block such as 10.0.0.0/8, is \"{}\"", text));
  const size_t slash = trimmed.find('/');
  if (slash == std::string_view::npos) return refused;
  const std::string_view digits = trimmed.substr(slash + 1);
  const auto address = ParseUnmapped(trimmed.substr(0, slash));
  if (!address.ok() || !AllDigits(digits)) return refused;
  int bits = 0;
  for (const char digit : digits) bits = std::min(bits * 10 + (digit - '0'), 1000);
  if (bits > AddressBits(address->family())) return refused;
  if (const auto mapped = Mapped(*address)) {
    if (bits < kMappedPrefixBits) return refused;
    return Cidr::Make(*mapped, bits - kMappedPrefixBits);
  }
  return Cidr::Make(*address, bits);
}

}  // namespace fairlead::kube
