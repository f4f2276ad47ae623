// SPDX-License-Identifier: Apache-2.0
//
// Table<Key, Value>: a BPF map with types. What the kernel side declares and
// what user space reads are the same struct from the same header.
#ifndef FAIRLEAD_MAPS_CORE_TABLE_H_
#define FAIRLEAD_MAPS_CORE_TABLE_H_

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/errno_status.h"
#include "maps/core/bpf_map.h"
#include "maps/core/map_bytes.h"

namespace fairlead {

// InvalidArgument if the map's sizes are not those of the types.
absl::Status CheckSizes(const BpfMap& map, size_t key_size, size_t value_size);

template <MapBytes Key, MapBytes Value>
class Table {
 public:
  Table() = default;
  static absl::StatusOr<Table> Open(BpfMap map) {
    if (absl::Status status = CheckSizes(map, sizeof(Key), sizeof(Value)); !status.ok()) {
      return status;
    }
    Table table;
    table.map_ = std::move(map);
    return table;
  }

  const BpfMap& map() const { return map_; }

  // nullopt: there is no such key.
  absl::StatusOr<std::optional<Value>> Find(const Key& key) const {
    Value value{};
    if (bpf_map_lookup_elem(map_.fd(), &key, &value) == 0) return std::optional<Value>(value);
    if (errno == ENOENT) return std::optional<Value>();
    return ErrnoStatus(errno, "look up in " + map_.name());
  }

  // ResourceExhausted: it is full.
  absl::Status Put(const Key& key, const Value& value) {
    if (bpf_map_update_elem(map_.fd(), &key, &value, BPF_ANY) == 0) return absl::OkStatus();
    if (errno == E2BIG || errno == ENOSPC) {
      return absl::ResourceExhaustedError(
          fmt::format("table {} is full ({} entries)", map_.name(), map_.max_entries()));
    }
    return ErrnoStatus(errno, "update " + map_.name());
  }

  // An absent key is fine.
  absl::Status Erase(const Key& key) {
    if (bpf_map_delete_elem(map_.fd(), &key) == 0 || errno == ENOENT) return absl::OkStatus();
    return ErrnoStatus(errno, "delete from " + map_.name());
  }

  // A copy of all entries. An entry inserted or deleted meanwhile may or may not
  // be in it.
  absl::StatusOr<std::vector<std::pair<Key, Value>>> Snapshot() const {
    std::vector<std::pair<Key, Value>> entries;
    Key key{};
    Key next{};
    const Key* from = nullptr;
    while (bpf_map_get_next_key(map_.fd(), from, &next) == 0) {
      key = next;
      from = &key;
      Value value{};
      if (bpf_map_lookup_elem(map_.fd(), &key, &value) == 0) entries.emplace_back(key, value);
      // A map that changes faster than we read must not keep us for ever.
      if (entries.size() > map_.max_entries()) break;
    }
    return entries;
  }

 private:
  BpfMap map_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_MAPS_CORE_TABLE_H_
