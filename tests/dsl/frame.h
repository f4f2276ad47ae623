// SPDX-License-Identifier: Apache-2.0
//
// A frame's bytes read by the book, and by nothing that the dataplane uses:
// checksums from scratch (RFC 1071, 9260), fields by name, and two frames
// compared field by field.
#ifndef FAIRLEAD_TESTS_DSL_FRAME_H_
#define FAIRLEAD_TESTS_DSL_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/ip.h"

namespace fairlead::testing {

using Bytes = std::vector<std::byte>;
using ByteSpan = std::span<const std::byte>;

// One's complement sum of 16-bit words, not complemented, on top of `sum`.
uint32_t SumOf(ByteSpan bytes, uint32_t sum = 0);
uint16_t ChecksumOf(uint32_t sum);
uint32_t PseudoHeaderSum(const IpAddress& source, const IpAddress& destination, uint8_t protocol,
                         size_t length);
uint32_t Crc32c(ByteSpan bytes);

struct Field {
  std::string name;   // "ip.src", "tcp.flags"
  std::string value;  // as people write it
};
// As far as the frame can be read.
std::vector<Field> FieldsOf(ByteSpan frame);

// "ip.src: expected A, got B" per line; empty if the frames are the same.
std::string DifferenceOf(ByteSpan expected, ByteSpan actual);

// The checksums of the frame that are wrong, by name; empty if all are right.
std::string WrongChecksums(ByteSpan frame);

// Where the transport header begins and of which protocol it is; for IPv6
// behind the extension headers. Protocol 255: the frame is no readable IP.
struct Transport {
  size_t offset = 0;
  uint8_t protocol = 255;
  bool fragment = false;
};
Transport TransportOf(ByteSpan frame);

// Address and port (or echo id) that the frame says it is from and for.
Endpoint SourceOf(ByteSpan frame);
Endpoint DestinationOf(ByteSpan frame);

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_DSL_FRAME_H_
