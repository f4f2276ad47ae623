// SPDX-License-Identifier: Apache-2.0
//
// PortBits: a part of the bits of `service_ports`. Several frontends, or backends,
// may share a port: the first sets the bit, the last clears it.
#ifndef FAIRLEAD_LOADER_APPLY_PORT_BITS_H_
#define FAIRLEAD_LOADER_APPLY_PORT_BITS_H_

#include <cstdint>
#include <map>

#include "maps/core/mapped_array.h"

namespace fairlead::apply {

class PortBits {
 public:
  PortBits() = default;
  // Bits of `count` words from the `first` one on. `words` outlives this object.
  PortBits(MappedArray<uint32_t>& words, uint32_t first, uint32_t count)
      : words_(&words), first_(first), count_(count) {}

  // Counts a user of the bit that is in the tables already; Settle when all are known.
  void Know(uint32_t bit) { ++users_[bit]; }
  // Makes the bits say what is known, and nothing else.
  void Settle();

  // After what leads packets on has been written, and before it is erased.
  void Add(uint32_t bit);
  void Remove(uint32_t bit);

 private:
  MappedArray<uint32_t>* words_ = nullptr;
  uint32_t first_ = 0;
  uint32_t count_ = 0;
  std::map<uint32_t, uint32_t> users_;  // by bit, counted from the array's first
};

}  // namespace fairlead::apply

#endif  // FAIRLEAD_LOADER_APPLY_PORT_BITS_H_
