// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/run_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace fairlead::apply {
namespace {

bool Is(const Run& run, const WantedRun& wanted) {
  if (wanted.table_size == 0) return run.table_of.empty() && run.numbers == wanted.numbers;
  return run.count == wanted.table_size && run.table_of == wanted.endpoints;
}

// Of which it is not known whether it is that table.
bool MayBe(const Run& run, const WantedRun& wanted) {
  return wanted.table_size != 0 && run.count == wanted.table_size && run.table_of.empty();
}

std::vector<uint32_t> EntriesOf(const WantedRun& wanted) {
  if (wanted.table_size == 0) return wanted.numbers;
  std::vector<uint32_t> entries = plan::MakeMaglevTable(wanted.endpoints, wanted.table_size);
  for (uint32_t& entry : entries) entry = wanted.numbers[entry];
  return entries;
}

}  // namespace

template <typename Abi>
absl::StatusOr<Run> RunTable<Abi>::Adopt(uint32_t first, uint32_t count) {
  if (uint64_t{first} + count > runs_->size() || !space_.Claim(first, count)) {
    return absl::DataLossError(fmt::format("runs{}: {} entries from {} are impossible or another's",
                                           Abi::kDigit, count, first));
  }
  Run run{.first = first, .count = count};
  for (uint32_t i = 0; i < count; ++i) run.numbers.push_back((*runs_)[first + i]);
  return run;
}

template <typename Abi>
absl::StatusOr<Run> RunTable<Abi>::Place(WantedRun wanted, const std::vector<Run>& current,
                                         std::vector<Run>& placed) {
  if (wanted.numbers.empty()) return Run{};
  const auto is = [&wanted](const Run& run) { return Is(run, wanted); };
  if (const auto found = std::ranges::find_if(placed, is); found != placed.end()) return *found;
  if (const auto found = std::ranges::find_if(current, is); found != current.end()) {
    return placed.emplace_back(*found);
  }
  const auto count =
      wanted.table_size != 0 ? wanted.table_size : static_cast<uint32_t>(wanted.numbers.size());
  const bool may_be_there =
      std::ranges::any_of(current, [&wanted](const Run& run) { return MayBe(run, wanted); });
  const std::optional<uint32_t> first = space_.Take(count);
  std::vector<uint32_t> entries;
  if (first.has_value() || may_be_there) entries = EntriesOf(wanted);
  const auto found = std::ranges::find_if(
      current, [&](const Run& run) { return MayBe(run, wanted) && run.numbers == entries; });
  if (found != current.end()) {
    if (first.has_value()) space_.GiveBack(*first, count);
    return placed.emplace_back(
        Run{.first = found->first, .count = count, .table_of = std::move(wanted.endpoints)});
  }
  if (!first.has_value()) {
    return absl::ResourceExhaustedError(fmt::format(
        "table runs{} has no {} entries in a row, see --max-backends", Abi::kDigit, count));
  }
  for (uint32_t i = 0; i < count; ++i) (*runs_)[*first + i] = entries[i];
  Run run{.first = *first, .count = count};
  if (wanted.table_size != 0) {
    run.table_of = std::move(wanted.endpoints);
  } else {
    run.numbers = std::move(entries);
  }
  return placed.emplace_back(std::move(run));
}

template <typename Abi>
void RunTable<Abi>::GiveBack(const std::vector<Run>& runs, const std::vector<Run>& kept) {
  for (const Run& run : runs) {
    const bool stays = std::ranges::find(kept, run.first, &Run::first) != kept.end();
    if (!stays) space_.GiveBack(run.first, run.count);
  }
}

template class RunTable<Abi4>;
template class RunTable<Abi6>;

}  // namespace fairlead::apply
