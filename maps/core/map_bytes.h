// SPDX-License-Identifier: Apache-2.0
//
// A type the kernel hashes and copies byte by byte. Padding invented by the
// compiler would make two equal keys look different, so such types do not
// compile here.
#ifndef FAIRLEAD_MAPS_CORE_MAP_BYTES_H_
#define FAIRLEAD_MAPS_CORE_MAP_BYTES_H_

#include <type_traits>

namespace fairlead {

template <typename T>
concept MapBytes = std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>;

}  // namespace fairlead

#endif  // FAIRLEAD_MAPS_CORE_MAP_BYTES_H_
