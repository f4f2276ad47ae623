// SPDX-License-Identifier: Apache-2.0
//
// Address blocks as keys of `prefixes`, and back.
#ifndef FAIRLEAD_LOADER_APPLY_PREFIX_KEY_H_
#define FAIRLEAD_LOADER_APPLY_PREFIX_KEY_H_

#include <cstdint>

#include "base/ip.h"
#include "maps/abi/abi_of.h"

namespace fairlead::apply {

template <typename Abi>
typename Abi::PrefixKey PrefixKeyOf(const Cidr& block) {
  typename Abi::PrefixKey key{};
  key.length = static_cast<uint32_t>(block.prefix_length());
  key.address = ToAbi<typename Abi::Ip>(block.address());
  return key;
}

template <typename PrefixKey>
Cidr BlockOf(const PrefixKey& key) {
  return Cidr::Make(FromAbi(key.address), static_cast<int>(key.length));
}

}  // namespace fairlead::apply

#endif  // FAIRLEAD_LOADER_APPLY_PREFIX_KEY_H_
