// SPDX-License-Identifier: Apache-2.0
//
// BTF as referee: the layouts that C++ was compiled with, field by field,
// against the type information of a BPF object or of a pinned map. A map that
// another version pinned with another layout is found here, not in production.
#ifndef FAIRLEAD_MAPS_LAYOUT_H_
#define FAIRLEAD_MAPS_LAYOUT_H_

#include <bpf/btf.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "maps/core/bpf_map.h"

namespace fairlead {

struct FieldLayout {
  const char* name;
  size_t offset;  // bytes
};

struct StructLayout {
  const char* name;  // as in C: "service_key4"
  size_t size;       // bytes
  std::vector<FieldLayout> fields;
};

// All structs that cross the border.
const std::vector<StructLayout>& StructLayouts();

// FailedPrecondition, naming struct and field, if `btf` knows the struct
// differently; NotFound if it does not know it at all.
absl::Status CheckLayout(const btf* types, const StructLayout& expected);

// The key and value types of a map in the kernel, as far as it has them.
absl::Status CheckMapLayout(const BpfMap& map);

}  // namespace fairlead

#endif  // FAIRLEAD_MAPS_LAYOUT_H_
