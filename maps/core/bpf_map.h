// SPDX-License-Identifier: Apache-2.0
//
// A BPF map as an owned descriptor and its shape. Untyped: the tables on top
// know keys and values. Thread-safe as the kernel is.
#ifndef FAIRLEAD_MAPS_CORE_BPF_MAP_H_
#define FAIRLEAD_MAPS_CORE_BPF_MAP_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace fairlead {

class BpfMap {
 public:
  BpfMap() = default;
  // Takes the descriptor and asks the kernel for name, type and sizes.
  static absl::StatusOr<BpfMap> FromFd(UniqueFd fd);
  // Opens a pinned map.
  static absl::StatusOr<BpfMap> OpenPinned(const std::string& path);
  // Another owner of the same map.
  absl::StatusOr<BpfMap> Duplicate() const;

  int fd() const { return fd_.get(); }
  const std::string& name() const { return name_; }
  uint32_t type() const { return type_; }
  uint32_t key_size() const { return key_size_; }
  uint32_t value_size() const { return value_size_; }
  uint32_t max_entries() const { return max_entries_; }
  uint32_t flags() const { return flags_; }
  uint32_t btf_id() const { return btf_id_; }  // 0: the map has no type information
  uint32_t btf_value_type_id() const { return btf_value_type_id_; }
  uint32_t btf_key_type_id() const { return btf_key_type_id_; }

 private:
  UniqueFd fd_;
  std::string name_;
  uint32_t type_ = 0;
  uint32_t key_size_ = 0;
  uint32_t value_size_ = 0;
  uint32_t max_entries_ = 0;
  uint32_t flags_ = 0;
  uint32_t btf_id_ = 0;
  uint32_t btf_key_type_id_ = 0;
  uint32_t btf_value_type_id_ = 0;
};

}  // namespace fairlead

#endif  // FAIRLEAD_MAPS_CORE_BPF_MAP_H_
