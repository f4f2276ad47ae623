// SPDX-License-Identifier: Apache-2.0
#include "bench/frames.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>

#include "maps/abi/limits_abi.h"

namespace fairlead::bench {
namespace {

constexpr size_t kFrameRest = 30;  // transport header without options, and payload
constexpr uint8_t kSyn = 0x02;
constexpr uint8_t kAck = 0x10;
// As Linux orders them: MSS, SACK permitted, timestamps, padding, window scale.
constexpr std::array<uint8_t, 20> kSynOptions = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0,
                                                 0, 1, 0, 0,    0, 0, 1, 3,  3, 7};

class Writer {
 public:
  void U8(int value) { bytes_.push_back(static_cast<std::byte>(value)); }
  void U16(size_t value) {
    U8(static_cast<int>(value >> 8 & 0xff));
    U8(static_cast<int>(value & 0xff));
  }
  void U32(uint32_t value) {
    U16(value >> 16);
    U16(value & 0xffff);
  }
  void Bytes(const uint8_t* bytes, size_t count) {
    std::for_each_n(bytes, count, [this](int b) { U8(b); });
  }
  std::vector<std::byte> Take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

size_t TransportBytes(Segment segment) {
  if (segment == Segment::kUdp) return 8;
  return segment == Segment::kSynWithOptions ? 20 + kSynOptions.size() : 20;
}

void WriteIp(Writer& to, const Ends& ends, uint8_t protocol, size_t payload) {
  if (ends.source.family() == Family::kIpv4) {
    to.U16(0x4500);
    to.U16(20 + payload);
    to.U32(0x00004000);  // don't fragment
    to.U8(64);
    to.U8(protocol);
    to.U16(0);
  } else {
    to.U32(0x60000000);
    to.U16(payload);
    to.U8(protocol);
    to.U8(64);
  }
  to.Bytes(ends.source.bytes(), static_cast<size_t>(AddressBytes(ends.source.family())));
  to.Bytes(ends.destination.bytes(), static_cast<size_t>(AddressBytes(ends.destination.family())));
}

void WriteTcp(Writer& to, Segment segment) {
  const uint8_t flags = segment == Segment::kAck      ? kAck
                        : segment == Segment::kSynAck ? kSyn | kAck
                                                      : kSyn;
  to.U32(0);  // ports
  to.U32(1000);
  to.U32((flags & kAck) != 0 ? 2000 : 0);
  to.U8(static_cast<int>(TransportBytes(segment) / 4 << 4));
  to.U8(flags);
  to.U16(65000);
  to.U32(0);
  if (segment == Segment::kSynWithOptions) to.Bytes(kSynOptions.data(), kSynOptions.size());
}

}  // namespace

std::vector<std::byte> MakeFrame(const Ends& ends, Segment segment) {
  const bool is_v4 = ends.source.family() == Family::kIpv4;
  const bool is_udp = segment == Segment::kUdp;
  const size_t header = TransportBytes(segment);
  const size_t payload = std::max(kFrameRest, header + 10);
  constexpr uint8_t kGateway[6] = FL_GATEWAY_MAC;

  Writer frame;
  frame.Bytes(kGateway, sizeof(kGateway));
  frame.Bytes(ends.source_mac.data(), ends.source_mac.size());
  frame.U16(is_v4 ? 0x0800 : 0x86dd);
  WriteIp(frame, ends, is_udp ? IPPROTO_UDP : IPPROTO_TCP, payload);
  if (is_udp) {
    frame.U32(0);
    frame.U16(payload);
    frame.U16(1);  // any checksum but "none"
  } else {
    WriteTcp(frame, segment);
  }
  for (size_t i = header; i < payload; ++i) frame.U8('x');
  return frame.Take();
}

}  // namespace fairlead::bench
