// SPDX-License-Identifier: Apache-2.0
#include "tests/dsl/packet.h"

#include <algorithm>

namespace fairlead::testing {
namespace {

constexpr uint8_t kTcp = 6, kUdp = 17, kSctp = 132, kIcmp4 = 1, kIcmp6 = 58;

void Put8(Bytes& out, size_t value) { out.push_back(static_cast<std::byte>(value)); }
void Put16(Bytes& out, size_t value) {
  Put8(out, value >> 8 & 0xff);
  Put8(out, value & 0xff);
}
void Put32(Bytes& out, size_t value) {
  Put16(out, value >> 16 & 0xffff);
  Put16(out, value & 0xffff);
}
void Set16(Bytes& out, size_t at, uint16_t value) {
  out[at] = static_cast<std::byte>(value >> 8);
  out[at + 1] = static_cast<std::byte>(value & 0xff);
}
void PutAll(Bytes& out, ByteSpan bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }
void PutAddress(Bytes& out, const IpAddress& address) {
  PutAll(out, std::as_bytes(
                  std::span(address.bytes(), static_cast<size_t>(AddressBytes(address.family())))));
}

}  // namespace

bool Packet::is_echo_request() const {
  return (f_.protocol == kIcmp4 && f_.icmp_type == 8) ||
         (f_.protocol == kIcmp6 && f_.icmp_type == 128);
}
bool Packet::is_echo_reply() const {
  return (f_.protocol == kIcmp4 && f_.icmp_type == 0) ||
         (f_.protocol == kIcmp6 && f_.icmp_type == 129);
}

Packet Packet::From(const IpAddress& source) const {
  Packet copy = *this;
  copy.f_.source = source;
  return copy;
}
Packet Packet::To(const IpAddress& destination) const {
  Packet copy = *this;
  copy.f_.destination = destination;
  return copy;
}
Packet Packet::From(const Endpoint& source) const {
  Packet copy = From(source.address);
  if (!is_echo_reply()) copy.f_.source_port = source.port;
  return copy;
}
Packet Packet::To(const Endpoint& destination) const {
  Packet copy = To(destination.address);
  if (!is_echo_request()) copy.f_.destination_port = destination.port;
  return copy;
}

Packet Packet::Reply() const {
  Packet copy = *this;
  std::swap(copy.f_.source, copy.f_.destination);
  std::swap(copy.f_.source_port, copy.f_.destination_port);
  std::swap(copy.f_.source_mac, copy.f_.destination_mac);
  if (is_echo_request()) copy.f_.icmp_type = f_.protocol == kIcmp4 ? 0 : 129;
  if (is_echo_reply()) copy.f_.icmp_type = f_.protocol == kIcmp4 ? 8 : 128;
  return copy;
}

#define CHANGED(change) \
  Packet copy = *this;  \
  copy.f_.change;       \
  return copy

Packet Packet::Flags(uint8_t flags) const { CHANGED(tcp_flags = flags); }
Packet Packet::Sequence(uint32_t sequence, uint32_t acknowledged) const {
  Packet copy = *this;
  copy.f_.sequence = sequence;
  copy.f_.acknowledged = acknowledged;
  return copy;
}
Packet Packet::Window(uint16_t window) const { CHANGED(window = window); }
Packet Packet::WindowScale(uint8_t shift) const { CHANGED(window_scale = shift); }
Packet Packet::Payload(std::string_view text) const {
  const auto bytes = std::as_bytes(std::span(text));
  CHANGED(payload.assign(bytes.begin(), bytes.end()));
}
Packet Packet::Payload(size_t bytes) const {
  Packet copy = *this;
  copy.f_.payload.resize(bytes);
  for (size_t i = 0; i < bytes; ++i) copy.f_.payload[i] = static_cast<std::byte>(i * 7 + 1);
  return copy;
}
Packet Packet::Filled(size_t bytes) const {
  return Payload(bytes - Payload(size_t{0}).IpBytes().size());
}
Packet Packet::HopLimit(int hops) const { CHANGED(hop_limit = static_cast<uint8_t>(hops)); }
Packet Packet::OneHopLater() const { return HopLimit(f_.hop_limit - 1); }
Packet Packet::WithoutChecksum() const { CHANGED(has_checksum = false); }
Packet Packet::IpOptions(size_t words) const {
  CHANGED(option_words = static_cast<uint8_t>(words));
}
Packet Packet::Behind(Extension extension, size_t units) const {
  CHANGED(extensions.emplace_back(extension, units));
}
Packet Packet::Fragment(uint16_t offset, bool more) const {
  CHANGED(fragment.emplace(offset, more));
}
Packet Packet::Id(uint32_t number) const { CHANGED(id = number); }
Packet Packet::BehindFragmentHeader(size_t units) const { CHANGED(inner_options = units); }
Packet Packet::FromMac(const MacAddress& mac) const { CHANGED(source_mac = mac); }
Packet Packet::ToMac(const MacAddress& mac) const { CHANGED(destination_mac = mac); }
Packet Packet::OnLink(const MacAddress& source, const MacAddress& destination) const {
  Packet copy = *this;
  if (!f_.source_mac.has_value()) copy.f_.source_mac = source;
  if (!f_.destination_mac.has_value()) copy.f_.destination_mac = destination;
  return copy;
}
Packet Packet::Segments(uint16_t bytes_each) const { CHANGED(gso_size = bytes_each); }
Packet Packet::SummedByDevice() const { CHANGED(summed_by_device = true); }
Packet Packet::LeftToDevice() const { CHANGED(left_to_device = true); }
Packet Packet::Raw(size_t offset, uint8_t value) const { CHANGED(raw[offset] = value); }
Packet Packet::Cut(size_t bytes) const { CHANGED(cut = bytes); }
Packet Packet::Padded(size_t bytes) const { CHANGED(padding = bytes); }
#undef CHANGED

std::vector<Packet> Packet::Fragments(size_t mtu) const {
  Bytes header;
  Packet any = *this;
  any.f_.fragment.emplace(0, true);
  any.AddIpHeader(header, 0);
  const size_t most = (mtu - header.size()) / 8 * 8;
  const size_t total = Fragmentable().size();
  std::vector<Packet> pieces;
  for (size_t from = 0; from < total; from += most) {
    const size_t bytes = std::min(most, total - from);
    Packet piece = Fragment(static_cast<uint16_t>(from / 8), from + bytes < total);
    piece.f_.piece.emplace(from, bytes);
    pieces.push_back(piece);
  }
  return pieces;
}

Packet Packet::OfBytes(Bytes frame) {
  Packet packet;
  packet.f_.whole_frame = std::move(frame);
  return packet;
}

uint32_t Packet::gso_segments() const {
  if (f_.gso_size == 0) return 0;
  return static_cast<uint32_t>((f_.payload.size() + f_.gso_size - 1) / f_.gso_size);
}

Bytes Packet::SegmentBytes() const {
  Bytes out;
  size_t check = 0;
  switch (f_.protocol) {
    case kTcp: {
      const bool scaled = f_.window_scale.has_value();
      Put16(out, f_.source_port);
      Put16(out, f_.destination_port);
      Put32(out, f_.sequence);
      Put32(out, f_.acknowledged);
      Put8(out, scaled ? 0x60 : 0x50);
      Put8(out, f_.tcp_flags);
      Put16(out, f_.window);
      check = out.size();
      Put32(out, 0);
      if (scaled) Put32(out, 0x01030300U | *f_.window_scale);  // a no-operation first
      break;
    }
    case kUdp:
      Put16(out, f_.source_port);
      Put16(out, f_.destination_port);
      Put16(out, 8 + f_.payload.size());
      check = out.size();
      Put16(out, 0);
      break;
    case kSctp:
      Put16(out, f_.source_port);
      Put16(out, f_.destination_port);
      Put32(out, 0x1badcafe);  // the association's tag
      Put32(out, 0);
      break;
    case kIcmp4:
    case kIcmp6:
      Put8(out, f_.icmp_type);
      Put8(out, f_.icmp_code);
      check = out.size();
      Put16(out, 0);
      Put32(out, is_echo_request() ? uint32_t{f_.source_port} << 16 | 1U
                 : is_echo_reply() ? uint32_t{f_.destination_port} << 16 | 1U
                                   : f_.icmp_rest);
      break;
    default:
      break;
  }
  PutAll(out, f_.payload);
  if (f_.protocol == kSctp) {
    const uint32_t crc = Crc32c(out);
    for (size_t i = 0; i < 4; ++i) out[8 + i] = static_cast<std::byte>(crc >> (8 * i) & 0xff);
  } else if (check != 0 && f_.has_checksum) {
    const uint32_t pseudo =
        f_.protocol == kIcmp4 ? 0
                              : PseudoHeaderSum(f_.source, f_.destination, f_.protocol, out.size());
    const uint16_t sum = ChecksumOf(SumOf(out, pseudo));
    const uint16_t final_sum = f_.protocol == kUdp && sum == 0 ? 0xffff : sum;
    Set16(out, check, f_.left_to_device ? 0xffffU ^ ChecksumOf(pseudo) : final_sum);
  }
  return out;
}

void Packet::AddIpHeader(Bytes& out, size_t segment) const {
  const auto [offset, more] = f_.fragment.value_or(std::pair<uint16_t, bool>{0, false});
  if (f_.family == Family::kIpv4) {
    const size_t start = out.size();
    Put8(out, 0x45 + f_.option_words);
    Put8(out, 0);
    Put16(out, 20 + f_.option_words * 4U + segment);
    Put16(out, f_.id);
    Put16(out, f_.fragment.has_value() ? (more ? 0x2000U : 0U) | offset : 0x4000U);
    Put8(out, f_.hop_limit);
    Put8(out, f_.protocol);
    Put16(out, 0);
    PutAddress(out, f_.source);
    PutAddress(out, f_.destination);
    for (size_t i = 0; i < f_.option_words; ++i) Put32(out, 0x01010101);
    Set16(out, start + 10, ChecksumOf(SumOf(ByteSpan(out).subspan(start))));
    return;
  }
  std::vector<std::pair<Extension, size_t>> extensions = f_.extensions;
  if (f_.fragment.has_value()) extensions.emplace_back(kAtomicFragment, 1);
  size_t length = segment;
  for (const auto& [type, units] : extensions) length += units * 8;
  Put32(out, 0x60000000);
  Put16(out, length);
  const auto after = [&](size_t i) {
    return i < extensions.size()   ? static_cast<uint8_t>(extensions[i].first)
           : f_.inner_options != 0 ? static_cast<uint8_t>(kDestination)
                                   : f_.protocol;
  };
  Put8(out, after(0));
  Put8(out, f_.hop_limit);
  PutAddress(out, f_.source);
  PutAddress(out, f_.destination);
  for (size_t i = 0; i < extensions.size(); ++i) {
    const auto& [type, units] = extensions[i];
    Put8(out, after(i + 1));
    Put8(out, type == kAtomicFragment ? 0 : units - 1);
    Put16(out, type == kAtomicFragment ? offset << 3 | (more ? 1U : 0U) : 0x0104U);  // PadN
    Put32(out, type == kAtomicFragment ? f_.id : 0);
    for (size_t word = 2; word < units * 2; ++word) Put32(out, 0);
  }
}

Bytes Packet::Fragmentable() const {
  Bytes out;
  if (f_.inner_options != 0) {
    Put8(out, f_.protocol);
    Put8(out, f_.inner_options - 1);
    Put16(out, 0x0104);  // PadN
    out.resize(f_.inner_options * 8);
  }
  PutAll(out, SegmentBytes());
  return out;
}

Bytes Packet::IpBytes() const {
  const Bytes whole = Fragmentable();
  ByteSpan segment = whole;
  if (f_.piece.has_value()) segment = segment.subspan(f_.piece->first, f_.piece->second);
  Bytes out;
  AddIpHeader(out, segment.size());
  PutAll(out, segment);
  return out;
}

Bytes Packet::ToBytes() const {
  Bytes out = f_.whole_frame;
  if (out.empty()) {
    for (const uint8_t byte : f_.destination_mac.value_or(MacAddress{})) Put8(out, byte);
    for (const uint8_t byte : f_.source_mac.value_or(MacAddress{})) Put8(out, byte);
    Put16(out, f_.family == Family::kIpv4 ? 0x0800 : 0x86dd);
    PutAll(out, IpBytes());
  }
  out.resize(out.size() + f_.padding);
  for (const auto& [offset, value] : f_.raw) {
    if (offset < out.size()) out[offset] = std::byte{value};
  }
  if (f_.cut.has_value() && *f_.cut < out.size()) out.resize(*f_.cut);
  return out;
}

Packet WithProtocol(uint8_t protocol, const IpAddress& from, const IpAddress& to) {
  Packet packet;
  packet.f_.family = from.family();
  packet.f_.protocol = protocol;
  packet.f_.source = from;
  packet.f_.destination = to;
  return packet.Payload("whatever it carries");
}

Packet Transported(Protocol protocol, const Endpoint& from, const Endpoint& to) {
  Packet packet = WithProtocol(static_cast<uint8_t>(protocol), from.address, to.address);
  packet.f_.payload.clear();
  packet.f_.source_port = from.port;
  packet.f_.destination_port = to.port;
  return packet;
}

Packet Icmp(const IpAddress& from, const IpAddress& to, uint8_t type, uint8_t code, uint32_t rest,
            const Bytes& body) {
  const bool v4 = from.family() == Family::kIpv4;
  Packet packet = WithProtocol(v4 ? kIcmp4 : kIcmp6, from, to);
  packet.f_.icmp_type = type;
  packet.f_.icmp_code = code;
  packet.f_.icmp_rest = rest;
  packet.f_.payload = body;
  return packet;
}

Packet Ping(const Endpoint& from, const IpAddress& to) {
  const bool v4 = to.family() == Family::kIpv4;
  Packet packet = Icmp(from.address, to, v4 ? 8 : 128, 0, 0, {}).Payload("echo, echo");
  packet.f_.source_port = from.port;
  return packet;
}

}  // namespace fairlead::testing
