// SPDX-License-Identifier: Apache-2.0
//
// Bytes whose value follows from their position, so that a receiver can tell
// the lost, the doubled and the shifted from the right ones without a copy.
#ifndef FAIRLEAD_TESTS_NETNS_CONTENT_H_
#define FAIRLEAD_TESTS_NETNS_CONTENT_H_

#include <cstdint>
#include <string>

namespace fairlead::testing {

// The `size` bytes from position `offset` on.
inline std::string ContentAt(uint64_t offset, size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) {
    const uint64_t position = offset + i;
    uint64_t word = (position / 8 + 1) * 0x9e3779b97f4a7c15ULL;  // splitmix64's step and mix
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9ULL;
    bytes[i] = static_cast<char>(word >> (8 * (position % 8)));
  }
  return bytes;
}

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_NETNS_CONTENT_H_
