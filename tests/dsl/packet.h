// SPDX-License-Identifier: Apache-2.0
//
// Packet: an immutable value. Every method returns a changed copy, so an
// expected packet is the sent one with one difference: request.To(backend).
// Bytes() has right lengths and checksums, whatever was changed.
//
// An echo's id plays the part of a port, as in conntrack: a request has it at
// its source, a reply at its destination.
#ifndef FAIRLEAD_TESTS_DSL_PACKET_H_
#define FAIRLEAD_TESTS_DSL_PACKET_H_

#include <map>
#include <optional>
#include <string_view>

#include "tests/dsl/frame.h"

namespace fairlead::testing {

enum TcpFlag : uint8_t { kFin = 0x01, kSyn = 0x02, kRst = 0x04, kAck = 0x10 };

// IPv6 extension headers, by number.
enum Extension : uint8_t { kHopByHop = 0, kRouting = 43, kAtomicFragment = 44, kDestination = 60 };

enum class IcmpErrorKind { kPortUnreachable, kPacketTooBig, kTimeExceeded };

class Packet {
 public:
  Packet From(const Endpoint& source) const;
  Packet To(const Endpoint& destination) const;
  Packet From(const IpAddress& source) const;  // the port stays
  Packet To(const IpAddress& destination) const;
  Packet Reply() const;  // both ends exchanged, MACs too; an echo becomes its reply

  // TCP.
  Packet Syn() const { return Flags(kSyn); }
  Packet SynAck() const { return Flags(kSyn | kAck); }
  Packet Ack() const { return Flags(kAck); }
  Packet Fin() const { return Flags(kFin | kAck); }
  Packet Reset() const { return Flags(kRst); }
  Packet Flags(uint8_t flags) const;
  Packet Sequence(uint32_t sequence, uint32_t acknowledged = 0) const;
  Packet Window(uint16_t window) const;
  Packet WindowScale(uint8_t shift) const;  // a TCP option

  Packet Payload(std::string_view text) const;
  Packet Payload(size_t bytes) const;
  Packet Filled(size_t bytes) const;  // a payload that makes it so long, from the IP header on
  Packet HopLimit(int hops) const;
  Packet OneHopLater() const;                                  // as a router forwards it
  Packet WithoutChecksum() const;                              // UDP: zero
  Packet IpOptions(size_t words) const;                        // IPv4: no-operation
  Packet Behind(Extension extension, size_t units = 1) const;  // IPv6, in eights of bytes
  // All that follows the IP header as one fragment; offset in eights of bytes.
  Packet Fragment(uint16_t offset, bool more) const;
  // In pieces whose IP packets are no longer than `mtu`, as a sender does it. Each
  // is still the whole packet with all its methods, and shows its part of it.
  std::vector<Packet> Fragments(size_t mtu) const;
  Packet Id(uint32_t number) const;  // of the datagram, in its fragments
  // IPv6: destination options that are split with the datagram.
  Packet BehindFragmentHeader(size_t units) const;
  Packet FromMac(const MacAddress& mac) const;
  Packet ToMac(const MacAddress& mac) const;
  // Sets the MACs that are not set yet.
  Packet OnLink(const MacAddress& source, const MacAddress& destination) const;

  // How the kernel holds it.
  Packet Segments(uint16_t bytes_each) const;  // GSO
  Packet SummedByDevice() const;               // CHECKSUM_COMPLETE
  Packet LeftToDevice() const;                 // the frame of CHECKSUM_PARTIAL: not summed yet

  // For malformed packets only; they come after everything else.
  Packet Raw(size_t offset, uint8_t value) const;
  Packet Cut(size_t bytes) const;     // the frame ends there
  Packet Padded(size_t bytes) const;  // the frame goes on, the packet does not
  static Packet OfBytes(Bytes frame);

  Bytes ToBytes() const;
  Bytes IpBytes() const;  // without the Ethernet header

  Family family() const { return f_.family; }
  uint8_t protocol() const { return f_.protocol; }
  Endpoint source() const { return {f_.source, f_.source_port}; }
  Endpoint destination() const { return {f_.destination, f_.destination_port}; }
  uint32_t gso_size() const { return f_.gso_size; }
  uint32_t gso_segments() const;
  bool summed_by_device() const { return f_.summed_by_device; }

 private:
  struct Fields {
    std::optional<MacAddress> source_mac, destination_mac;
    Family family = Family::kIpv4;
    IpAddress source, destination;
    uint8_t hop_limit = 64;
    uint8_t option_words = 0;
    std::vector<std::pair<Extension, size_t>> extensions;
    std::optional<std::pair<uint16_t, bool>> fragment;
    std::optional<std::pair<size_t, size_t>> piece;  // of what is fragmented: from, bytes
    uint32_t id = 0;
    size_t inner_options = 0;  // eights of bytes
    uint8_t protocol = 0;
    uint16_t source_port = 0, destination_port = 0;
    uint32_t sequence = 1000, acknowledged = 0;
    uint8_t tcp_flags = 0;
    uint16_t window = 65000;
    std::optional<uint8_t> window_scale;
    uint8_t icmp_type = 0, icmp_code = 0;
    uint32_t icmp_rest = 0;
    Bytes payload;
    bool has_checksum = true;
    std::map<size_t, uint8_t> raw;
    std::optional<size_t> cut;
    size_t padding = 0;
    Bytes whole_frame;  // not empty: nothing else counts
    uint16_t gso_size = 0;
    bool summed_by_device = false;
    bool left_to_device = false;
  };

  bool is_echo_request() const;
  bool is_echo_reply() const;
  Bytes SegmentBytes() const;
  Bytes Fragmentable() const;
  void AddIpHeader(Bytes& out, size_t segment) const;

  friend Packet Transported(Protocol protocol, const Endpoint& from, const Endpoint& to);
  friend Packet Ping(const Endpoint& from, const IpAddress& to);
  friend Packet Icmp(const IpAddress& from, const IpAddress& to, uint8_t type, uint8_t code,
                     uint32_t rest, const Bytes& body);
  friend Packet WithProtocol(uint8_t protocol, const IpAddress& from, const IpAddress& to);

  Fields f_;
};

Packet Transported(Protocol protocol, const Endpoint& from, const Endpoint& to);
inline Packet Tcp(const Endpoint& from, const Endpoint& to) {
  return Transported(Protocol::kTcp, from, to);
}
inline Packet Udp(const Endpoint& from, const Endpoint& to) {
  return Transported(Protocol::kUdp, from, to).Payload("datagram");
}
inline Packet Sctp(const Endpoint& from, const Endpoint& to) {
  return Transported(Protocol::kSctp, from, to).Payload("a chunk of it");
}
// An echo request whose id is the source's port.
Packet Ping(const Endpoint& from, const IpAddress& to);
// An ICMP message of the addresses' family; `rest` is its second word.
Packet Icmp(const IpAddress& from, const IpAddress& to, uint8_t type, uint8_t code, uint32_t rest,
            const Bytes& body);
// A protocol without ports: ESP, GRE…
Packet WithProtocol(uint8_t protocol, const IpAddress& from, const IpAddress& to);

// What `from` says about `quoted`, to its sender: quotes the IP header and
// `beyond` bytes of what follows.
Packet IcmpError(const IpAddress& from, IcmpErrorKind kind, const Packet& quoted,
                 size_t beyond = 8);

// The same as the dataplane itself says it: more of the packet quoted, and, where
// it was too big, the MTU of its way.
Packet OwnIcmpError(const IpAddress& from, IcmpErrorKind kind, const Packet& quoted,
                    uint32_t mtu = 0);

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_DSL_PACKET_H_
