// SPDX-License-Identifier: Apache-2.0
//
// Promise: the price of a feature is visible in review. A program that grows by
// more than 5 % needs its new number in budgets.tsv, in the same commit; one
// that shrinks by as much, too, so that the room is not filled unseen.
//
// FAIRLEAD_UPDATE_BUDGETS=tests/verifier/budgets.tsv writes the file anew.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "loader/kernel/programs.h"
#include "loader/kernel/socket_programs.h"

namespace fairlead {
namespace {

constexpr char kHeader[] = "# program\tfamily\tverified instructions\tjited bytes\n";

struct Budget {
  uint32_t verified_instructions = 0;
  uint32_t jited_bytes = 0;
};
using Budgets = std::map<std::pair<std::string, int>, Budget>;

Budgets ReadBudgets() {
  Budgets budgets;
  std::ifstream file(FAIRLEAD_BUDGETS);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    std::string name;
    int family = 0;
    Budget budget;
    words >> name >> family >> budget.verified_instructions >> budget.jited_bytes;
    EXPECT_FALSE(words.fail()) << FAIRLEAD_BUDGETS << ": " << line;
    budgets[{name, family}] = budget;
  }
  return budgets;
}

std::string LineOf(const ProgramSize& size) {
  return fmt::format("{}\t{}\t{}\t{}\n", size.name, static_cast<int>(size.family),
                     size.verified_instructions, size.jited_bytes);
}

bool IsWithin(uint32_t budget, uint32_t now) {
  return now * 100ULL <= budget * 105ULL && now * 100ULL >= budget * 95ULL;
}

bool IsOfGuests(const ProgramSize& size) { return size.name.ends_with("_guest"); }

// Of the hooks of --mode proxy alone: what they share is measured with the others.
void AddGuestHooks(const MapSet& maps, HookOptions options, std::vector<ProgramSize>& sizes) {
  options.guests = true;
  const absl::StatusOr<Programs> programs = Programs::Load(maps, options);
  ASSERT_TRUE(programs.ok()) << programs.status();
  const absl::StatusOr<std::vector<ProgramSize>> all = programs->Sizes();
  ASSERT_TRUE(all.ok()) << all.status();
  std::ranges::copy_if(*all, std::back_inserter(sizes), IsOfGuests);
}

std::vector<ProgramSize> SizesNow() {
  const absl::StatusOr<MapSet> maps = MapSet::Create(
      {.flows = 64, .half_open_buckets = 16, .services = 16, .runs = 64, .backends = 64}, "");
  if (!maps.ok()) {
    ADD_FAILURE() << maps.status();
    return {};
  }
  HookOptions options;
  options.tunnel_port = 8472;  // the verifier removes the code of what is switched off
  options.vni = 1;
  const absl::StatusOr<Programs> programs = Programs::Load(*maps, options);
  if (!programs.ok()) {
    ADD_FAILURE() << programs.status();
    return {};
  }
  absl::StatusOr<std::vector<ProgramSize>> sizes = programs->Sizes();
  const absl::StatusOr<SocketPrograms> sockets = SocketPrograms::Load(*maps, *programs);
  if (!sizes.ok() || !sockets.ok()) {
    ADD_FAILURE() << sizes.status() << sockets.status();
    return {};
  }
  const absl::StatusOr<std::vector<ProgramSize>> more = sockets->Sizes();
  EXPECT_TRUE(more.ok()) << more.status();
  AddGuestHooks(*maps, options, *sizes);
  if (more.ok()) sizes->insert(sizes->end(), more->begin(), more->end());
  return *sizes;
}

TEST(InstructionBudget, OfEveryProgramIsKept) {
  const std::vector<ProgramSize> sizes = SizesNow();
  ASSERT_FALSE(sizes.empty());
  if (const char* path = std::getenv("FAIRLEAD_UPDATE_BUDGETS"); path != nullptr) {
    std::ofstream file(path);
    file << kHeader;
    for (const ProgramSize& size : sizes) file << LineOf(size);
    file.close();
    ASSERT_TRUE(file.good()) << "write " << path;
  }
  const Budgets budgets = ReadBudgets();
  for (const ProgramSize& size : sizes) {
    const auto found = budgets.find({size.name, static_cast<int>(size.family)});
    if (found == budgets.end()) {
      ADD_FAILURE() << size.name << " has no budget; its line would be\n" << LineOf(size);
      continue;
    }
    const Budget& budget = found->second;
    EXPECT_TRUE(IsWithin(budget.verified_instructions, size.verified_instructions) &&
                IsWithin(budget.jited_bytes, size.jited_bytes))
        << "budget: " << budget.verified_instructions << " instructions verified, "
        << budget.jited_bytes << " bytes; if the change is worth it, its line is\n"
        << LineOf(size);
  }
  EXPECT_EQ(budgets.size(), sizes.size()) << "a budget without a program";
}

}  // namespace
}  // namespace fairlead
