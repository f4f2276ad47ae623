// SPDX-License-Identifier: Apache-2.0
//
// MappedArray<Value>: an array map in this process's memory. Reading a million
// entries or writing a thousand costs no system call; the BPF programs see a
// store as another CPU would, so a value that must not be seen half-written is
// published by its last store.
#ifndef FAIRLEAD_MAPS_CORE_MAPPED_ARRAY_H_
#define FAIRLEAD_MAPS_CORE_MAPPED_ARRAY_H_

#include <cstdint>
#include <span>
#include <utility>

#include "absl/status/statusor.h"
#include "maps/core/bpf_map.h"
#include "maps/core/map_bytes.h"

namespace fairlead {

// The mapping itself; unmapped when destroyed.
class MappedMemory {
 public:
  MappedMemory() = default;
  static absl::StatusOr<MappedMemory> Map(const BpfMap& map, size_t stride, bool writable);
  MappedMemory(MappedMemory&& other) noexcept
      : address_(std::exchange(other.address_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  MappedMemory& operator=(MappedMemory&& other) noexcept {
    std::swap(address_, other.address_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  MappedMemory(const MappedMemory&) = delete;
  MappedMemory& operator=(const MappedMemory&) = delete;
  ~MappedMemory();

  void* address() const { return address_; }

 private:
  void* address_ = nullptr;
  size_t bytes_ = 0;
};

template <MapBytes Value>
absl::Status CheckValues(const BpfMap& map) {
  if (map.value_size() == sizeof(Value)) return absl::OkStatus();
  return absl::InvalidArgumentError("map " + map.name() + " holds values of another size");
}

template <MapBytes Value>
class MappedArray {
 public:
  // The kernel rounds an element up to eight bytes; only types that fill their
  // element, or a plain 4-byte number with its gap, can be mapped as an array.
  static constexpr size_t kStride = (sizeof(Value) + 7) / 8 * 8;

  MappedArray() = default;
  static absl::StatusOr<MappedArray> Open(BpfMap map, bool writable = true) {
    if (absl::Status fits = CheckValues<Value>(map); !fits.ok()) return fits;
    absl::StatusOr<MappedMemory> memory = MappedMemory::Map(map, kStride, writable);
    if (!memory.ok()) return memory.status();
    MappedArray array;
    array.map_ = std::move(map);
    array.memory_ = *std::move(memory);
    return array;
  }

  const BpfMap& map() const { return map_; }
  uint32_t size() const { return map_.max_entries(); }
  Value& operator[](uint32_t index) {
    return *reinterpret_cast<Value*>(static_cast<char*>(memory_.address()) + index * kStride);
  }
  const Value& operator[](uint32_t index) const {
    return *reinterpret_cast<const Value*>(static_cast<const char*>(memory_.address()) +
                                           index * kStride);
  }

 private:
  BpfMap map_;
  MappedMemory memory_;
};

// An array map of which this process has no use but now and then: as long as it is not mapped, its
// pages are not this process's memory.
template <MapBytes Value>
class UnmappedArray {
 public:
  UnmappedArray() = default;
  static absl::StatusOr<UnmappedArray> Open(BpfMap map, bool writable = true) {
    if (absl::Status fits = CheckValues<Value>(map); !fits.ok()) return fits;
    UnmappedArray array;
    array.map_ = std::move(map);
    array.writable_ = writable;
    return array;
  }

  // For as long as the answer lives.
  absl::StatusOr<MappedArray<Value>> Map() const {
    absl::StatusOr<BpfMap> map = map_.Duplicate();
    if (!map.ok()) return map.status();
    return MappedArray<Value>::Open(*std::move(map), writable_);
  }

  const BpfMap& map() const { return map_; }
  uint32_t size() const { return map_.max_entries(); }

 private:
  BpfMap map_;
  bool writable_ = false;
};

}  // namespace fairlead

#endif  // FAIRLEAD_MAPS_CORE_MAPPED_ARRAY_H_
