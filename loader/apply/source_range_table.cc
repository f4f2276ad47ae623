// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/source_range_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/status_macros.h"

namespace fairlead::apply {
namespace {

template <typename Abi>
typename Abi::SourceRangeKey KeyOf(uint32_t service, const Cidr& range) {
  typename Abi::SourceRangeKey key{};
  key.length = SOURCE_RANGE_SERVICE_BITS + static_cast<uint32_t>(range.prefix_length());
  key.service = service;
  key.address = ToAbi<typename Abi::Ip>(range.address());
  return key;
}

}  // namespace

template <typename Abi>
absl::StatusOr<SourceRangeTable<Abi>> SourceRangeTable<Abi>::Adopt(FamilyTables<Abi>& tables) {
  SourceRangeTable result;
  result.tables_ = &tables;
  FL_ASSIGN_OR_RETURN(const auto entries, tables.source_ranges.Snapshot());
  for (const auto& [key, allowed] : entries) {
    const auto bits = static_cast<int>(key.length) - SOURCE_RANGE_SERVICE_BITS;
    result.ranges_[key.service].insert(Cidr::Make(FromAbi(key.address), bits));
  }
  return result;
}

template <typename Abi>
std::vector<Cidr> SourceRangeTable<Abi>::Of(uint32_t service) const {
  const auto found = ranges_.find(service);
  if (found == ranges_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

template <typename Abi>
absl::Status SourceRangeTable<Abi>::Add(uint32_t service, const std::vector<Cidr>& ranges) {
  if (ranges.empty()) return absl::OkStatus();
  std::set<Cidr>& present = ranges_[service];
  for (const Cidr& range : ranges) {
    if (!present.insert(range).second) continue;
    if (tables_->source_ranges.Put(KeyOf<Abi>(service, range), 1).ok()) continue;
    present.erase(range);
    return absl::ResourceExhaustedError(
        fmt::format("table source_ranges{} has no room for {}", Abi::kDigit, range.ToString()));
  }
  return absl::OkStatus();
}

template <typename Abi>
absl::Status SourceRangeTable<Abi>::Trim(uint32_t service, const std::vector<Cidr>& ranges) {
  const auto found = ranges_.find(service);
  if (found == ranges_.end()) return absl::OkStatus();
  std::set<Cidr>& present = found->second;
  for (auto it = present.begin(); it != present.end();) {
    if (std::ranges::find(ranges, *it) != ranges.end()) {
      ++it;
      continue;
    }
    FL_RETURN_IF_ERROR(tables_->source_ranges.Erase(KeyOf<Abi>(service, *it)));
    it = present.erase(it);
  }
  if (present.empty()) ranges_.erase(found);
  return absl::OkStatus();
}

template <typename Abi>
absl::Status SourceRangeTable<Abi>::Forget(const std::set<uint32_t>& known) {
  std::vector<uint32_t> unknown;
  for (const auto& [service, ranges] : ranges_) {
    if (!known.contains(service)) unknown.push_back(service);
  }
  for (const uint32_t service : unknown) FL_RETURN_IF_ERROR(Trim(service, {}));
  return absl::OkStatus();
}

template class SourceRangeTable<Abi4>;
template class SourceRangeTable<Abi6>;

}  // namespace fairlead::apply
