// SPDX-License-Identifier: Apache-2.0
#include "tests/dsl/frame.h"

#include <fmt/format.h>

#include <algorithm>

namespace fairlead::testing {
namespace {

constexpr size_t kIp = 14;

uint8_t Get8(ByteSpan bytes, size_t at) {
  return at < bytes.size() ? std::to_integer<uint8_t>(bytes[at]) : 0;
}
uint16_t Get16(ByteSpan bytes, size_t at) {
  return static_cast<uint16_t>(Get8(bytes, at) << 8 | Get8(bytes, at + 1));
}
uint32_t Get32(ByteSpan bytes, size_t at) {
  return uint32_t{Get16(bytes, at)} << 16 | Get16(bytes, at + 2);
}

bool IsIpv4(ByteSpan frame) { return Get16(frame, 12) == 0x0800 && frame.size() >= kIp + 20; }
bool IsIpv6(ByteSpan frame) { return Get16(frame, 12) == 0x86dd && frame.size() >= kIp + 40; }
bool IsExtension(uint8_t type) { return type == 0 || type == 43 || type == 44 || type == 60; }

IpAddress AddressAt(ByteSpan frame, bool source) {
  if (IsIpv4(frame)) return IpAddress::FromBytes(Family::kIpv4, &frame[kIp + (source ? 12 : 16)]);
  return IpAddress::FromBytes(Family::kIpv6, &frame[kIp + (source ? 8 : 24)]);
}

// The transport header and what follows, without the link's padding.
ByteSpan SegmentOf(ByteSpan frame, const Transport& transport) {
  const size_t end = kIp + (IsIpv4(frame) ? Get16(frame, kIp + 2) : 40U + Get16(frame, kIp + 4));
  const size_t stop = std::min(end, frame.size());
  return transport.offset >= stop ? ByteSpan{}
                                  : frame.subspan(transport.offset, stop - transport.offset);
}

std::string Mac(ByteSpan frame, size_t at) {
  std::string text;
  for (size_t i = 0; i < 6; ++i) text += fmt::format("{}{:02x}", i ? ":" : "", Get8(frame, at + i));
  return text;
}

void AddTransport(ByteSpan frame, const Transport& transport, std::vector<Field>& fields) {
  const ByteSpan segment = SegmentOf(frame, transport);
  const auto put = [&](const char* name, const auto& value) {
    fields.push_back({name, fmt::format("{}", value)});
  };
  size_t header = 0;
  switch (transport.protocol) {
    case 6:
      header = 20;
      put("tcp.sport", Get16(segment, 0));
      put("tcp.dport", Get16(segment, 2));
      put("tcp.seq", Get32(segment, 4));
      put("tcp.ack", Get32(segment, 8));
      put("tcp.words", Get8(segment, 12) >> 4);
      put("tcp.flags", fmt::format("0x{:02x}", Get8(segment, 13)));
      put("tcp.window", Get16(segment, 14));
      put("tcp.check", Get16(segment, 16));
      break;
    case 17:
      header = 8;
      put("udp.sport", Get16(segment, 0));
      put("udp.dport", Get16(segment, 2));
      put("udp.length", Get16(segment, 4));
      put("udp.check", Get16(segment, 6));
      break;
    case 132:
      header = 12;
      put("sctp.sport", Get16(segment, 0));
      put("sctp.dport", Get16(segment, 2));
      put("sctp.crc", fmt::format("{:08x}", Get32(segment, 8)));
      break;
    case 1:
    case 58:
      header = 8;
      put("icmp.type", Get8(segment, 0));
      put("icmp.code", Get8(segment, 1));
      put("icmp.check", Get16(segment, 2));
      put("icmp.id", Get16(segment, 4));
      put("icmp.seq", Get16(segment, 6));
      break;
    default:
      break;
  }
  put("payload.bytes", segment.size() < header ? 0 : segment.size() - header);
}

}  // namespace

uint32_t SumOf(ByteSpan bytes, uint32_t sum) {
  uint64_t wide = sum;
  for (size_t i = 0; i < bytes.size(); i += 2) wide += Get16(bytes, i);
  while (wide >> 16 != 0) wide = (wide & 0xffff) + (wide >> 16);
  return static_cast<uint32_t>(wide);
}

uint16_t ChecksumOf(uint32_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

uint32_t PseudoHeaderSum(const IpAddress& source, const IpAddress& destination, uint8_t protocol,
                         size_t length) {
  uint32_t sum = protocol + static_cast<uint32_t>(length >> 16) + (length & 0xffff);
  for (const IpAddress* address : {&source, &destination}) {
    const auto bytes = std::as_bytes(
        std::span(address->bytes(), static_cast<size_t>(AddressBytes(address->family()))));
    sum = SumOf(bytes, sum);
  }
  return sum;
}

uint32_t Crc32c(ByteSpan bytes) {
  uint32_t crc = 0xffffffff;
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0x82f63b78U & (0U - (crc & 1)));
  }
  return ~crc;
}

Transport TransportOf(ByteSpan frame) {
  Transport transport;
  if (IsIpv4(frame)) {
    transport.offset = kIp + (Get8(frame, kIp) & 15) * 4U;
    transport.protocol = Get8(frame, kIp + 9);
    transport.fragment = (Get16(frame, kIp + 6) & 0x3fff) != 0;
  } else if (IsIpv6(frame)) {
    transport.offset = kIp + 40;
    transport.protocol = Get8(frame, kIp + 6);
    while (IsExtension(transport.protocol) && transport.offset + 8 <= frame.size()) {
      const uint8_t type = transport.protocol;
      if (type == 44 && (Get16(frame, transport.offset + 2) & 0xfff9) != 0) {
        transport.fragment = true;
      }
      transport.protocol = Get8(frame, transport.offset);
      transport.offset += type == 44 ? 8 : (Get8(frame, transport.offset + 1) + 1) * 8U;
    }
  }
  return transport;
}

std::vector<Field> FieldsOf(ByteSpan frame) {
  std::vector<Field> fields = {{"eth.dst", Mac(frame, 0)},
                               {"eth.src", Mac(frame, 6)},
                               {"eth.type", fmt::format("{:04x}", Get16(frame, 12))}};
  const auto put = [&](const char* name, const auto& value) {
    fields.push_back({name, fmt::format("{}", value)});
  };
  if (IsIpv4(frame)) {
    put("ip.words", Get8(frame, kIp) & 15);
    put("ip.tos", Get8(frame, kIp + 1));
    put("ip.length", Get16(frame, kIp + 2));
    put("ip.id", Get16(frame, kIp + 4));
    put("ip.fragment", fmt::format("0x{:04x}", Get16(frame, kIp + 6)));
    put("ip.ttl", Get8(frame, kIp + 8));
    put("ip.protocol", Get8(frame, kIp + 9));
    put("ip.check", Get16(frame, kIp + 10));
  } else if (IsIpv6(frame)) {
    put("ip.flow", fmt::format("0x{:08x}", Get32(frame, kIp)));
    put("ip.length", Get16(frame, kIp + 4));
    put("ip.next", Get8(frame, kIp + 6));
    put("ip.hops", Get8(frame, kIp + 7));
  } else {
    return fields;
  }
  put("ip.src", AddressAt(frame, true).ToString());
  put("ip.dst", AddressAt(frame, false).ToString());
  const Transport transport = TransportOf(frame);
  if (!transport.fragment) AddTransport(frame, transport, fields);
  return fields;
}

std::string DifferenceOf(ByteSpan expected, ByteSpan actual) {
  std::string text;
  const std::vector<Field> wanted = FieldsOf(expected);
  const std::vector<Field> seen = FieldsOf(actual);
  for (size_t i = 0; i < std::max(wanted.size(), seen.size()); ++i) {
    const Field none{"(nothing)", ""};
    const Field& want = i < wanted.size() ? wanted[i] : none;
    const Field& saw = i < seen.size() ? seen[i] : none;
    if (want.name != saw.name) {
      text +=
          fmt::format("\n  expected {} {}, got {} {}", want.name, want.value, saw.name, saw.value);
    } else if (want.value != saw.value) {
      text += fmt::format("\n  {}: expected {}, got {}", want.name, want.value, saw.value);
    }
  }
  if (expected.size() != actual.size()) {
    text += fmt::format("\n  frame: expected {} bytes, got {}", expected.size(), actual.size());
  } else if (text.empty()) {
    const auto [want, saw] = std::ranges::mismatch(expected, actual);
    if (want != expected.end()) {
      text = fmt::format("\n  byte {}: expected {:02x}, got {:02x}", want - expected.begin(),
                         std::to_integer<int>(*want), std::to_integer<int>(*saw));
    }
  }
  return text;
}

std::string WrongChecksums(ByteSpan frame) {
  std::string wrong;
  if (!IsIpv4(frame) && !IsIpv6(frame)) return wrong;
  const Transport transport = TransportOf(frame);
  if (IsIpv4(frame) && ChecksumOf(SumOf(frame.subspan(kIp, transport.offset - kIp))) != 0) {
    wrong += " ip.check";
  }
  if (transport.fragment) return wrong;
  const ByteSpan segment = SegmentOf(frame, transport);
  const uint8_t protocol = transport.protocol;
  if (protocol == 132) {
    if (segment.size() < 12) return wrong + " sctp.crc";
    Bytes copy(segment.begin(), segment.end());
    for (size_t i = 8; i < 12; ++i) copy[i] = std::byte{0};
    const uint32_t crc = Crc32c(copy);
    if (Get32(segment, 8) != __builtin_bswap32(crc)) wrong += " sctp.crc";
    return wrong;
  }
  if (protocol != 1 && protocol != 6 && protocol != 17 && protocol != 58) return wrong;
  if (protocol == 17 && Get16(segment, 6) == 0) return wrong;
  const uint32_t pseudo = protocol == 1
                              ? 0
                              : PseudoHeaderSum(AddressAt(frame, true), AddressAt(frame, false),
                                                protocol, segment.size());
  if (ChecksumOf(SumOf(segment, pseudo)) != 0) wrong += " transport checksum";
  return wrong;
}

Endpoint SourceOf(ByteSpan frame) {
  if (!IsIpv4(frame) && !IsIpv6(frame)) return {};
  const Transport transport = TransportOf(frame);
  const bool icmp = transport.protocol == 1 || transport.protocol == 58;
  return {AddressAt(frame, true), Get16(frame, transport.offset + (icmp ? 4 : 0))};
}

Endpoint DestinationOf(ByteSpan frame) {
  if (!IsIpv4(frame) && !IsIpv6(frame)) return {};
  const Transport transport = TransportOf(frame);
  const bool icmp = transport.protocol == 1 || transport.protocol == 58;
  return {AddressAt(frame, false), Get16(frame, transport.offset + (icmp ? 4 : 2))};
}

}  // namespace fairlead::testing
