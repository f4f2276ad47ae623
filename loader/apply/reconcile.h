// SPDX-License-Identifier: Apache-2.0
//
// Reconcile: a small table made to say what is desired, with the fewest writes:
// equal entries are left alone, deletes come last. What finds no room before them may find some
// after; what finds none takes nothing from the others.
#ifndef FAIRLEAD_LOADER_APPLY_RECONCILE_H_
#define FAIRLEAD_LOADER_APPLY_RECONCILE_H_

#include <cstring>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/status_macros.h"
#include "maps/core/table.h"

namespace fairlead::apply {

template <MapBytes T>
struct LessByBytes {
  bool operator()(const T& a, const T& b) const { return std::memcmp(&a, &b, sizeof(T)) < 0; }
};

// What becomes of entries that nobody asked for. They stay while it is not sure
// that all is known that was known before: no purge without proof.
enum class Unasked { kDelete, kKeep };

// What a table shall hold.
template <MapBytes Key, MapBytes Value>
struct Desired {
  std::map<Key, Value, LessByBytes<Key>> entries;
  void Put(const Key& key, const Value& value) { entries[key] = value; }
};

// `snapshot` is what the table holds. Entries that are not `mine` are left alone, unless one is
// desired in their place.
template <MapBytes Key, MapBytes Value>
absl::Status ReconcileFrom(const std::vector<std::pair<Key, Value>>& snapshot,
                           const Desired<Key, Value>& desired, Unasked unasked,
                           Table<Key, Value>& table, bool (*mine)(const Value&)) {
  std::map<Key, Value, LessByBytes<Key>> actual(snapshot.begin(), snapshot.end());
  std::vector<std::pair<Key, Value>> refused;
  for (const auto& [key, value] : desired.entries) {
    const auto found = actual.find(key);
    if (found != actual.end() && std::memcmp(&found->second, &value, sizeof(value)) == 0) continue;
    if (!table.Put(key, value).ok()) refused.emplace_back(key, value);
  }
  absl::Status status;
  for (const auto& [key, value] : actual) {
    const bool goes = unasked == Unasked::kDelete && !desired.entries.contains(key) && mine(value);
    if (goes) status.Update(table.Erase(key));
  }
  for (const auto& [key, value] : refused) status.Update(table.Put(key, value));
  return status;
}

template <MapBytes Key, MapBytes Value>
absl::Status Reconcile(const Desired<Key, Value>& desired, Unasked unasked,
                       Table<Key, Value>& table) {
  FL_ASSIGN_OR_RETURN(const auto snapshot, table.Snapshot());
  return ReconcileFrom(snapshot, desired, unasked, table, +[](const Value&) { return true; });
}

}  // namespace fairlead::apply

#endif  // FAIRLEAD_LOADER_APPLY_RECONCILE_H_
