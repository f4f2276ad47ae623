// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/masquerade_ports.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"

namespace fairlead::plan {
namespace {

constexpr uint16_t kFirstQuiet = 10000;
constexpr uint16_t kFirstUnprivileged = 1024;
constexpr uint32_t kEnough = 4096;

absl::StatusOr<uint16_t> ParsePort(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error == std::errc() && end == text.data() + text.size() && port != 0) return port;
  return absl::InvalidArgumentError(fmt::format("\"{}\" is no port", text));
}

// A port alone is a range of one.
absl::StatusOr<PortRange> ParsePortOrRange(std::string_view text) {
  const size_t dash = text.find('-');
  if (dash != std::string_view::npos) return ParsePortRange(text);
  FL_ASSIGN_OR_RETURN(const uint16_t port, ParsePort(text));
  return PortRange{port, port};
}

std::optional<PortRange> LargestFree(const std::vector<PortRange>& taken, uint16_t from) {
  std::vector<bool> used(65536);
  for (const PortRange& range : taken) {
    for (uint32_t port = range.first; port <= range.last; ++port) used[port] = true;
  }
  std::optional<PortRange> largest;
  uint32_t begin = from;
  for (uint32_t port = from; port <= 65536; ++port) {
    if (port < 65536 && !used[port]) continue;
    if (port > begin && (!largest || port - begin > largest->size())) {
      largest = {static_cast<uint16_t>(begin), static_cast<uint16_t>(port - 1)};
    }
    begin = port + 1;
  }
  return largest;
}

}  // namespace

std::string PortRange::ToString() const { return fmt::format("{}-{}", first, last); }

absl::StatusOr<PortRange> ParsePortRange(std::string_view text) {
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\" is no range of ports like 10000-29999", text));
  }
  PortRange range;
  FL_ASSIGN_OR_RETURN(range.first, ParsePort(text.substr(0, dash)));
  FL_ASSIGN_OR_RETURN(range.last, ParsePort(text.substr(dash + 1)));
  if (range.first <= range.last) return range;
  return absl::InvalidArgumentError(fmt::format("the range of ports {} is empty", text));
}

absl::StatusOr<std::vector<PortRange>> ParsePortList(std::string_view text) {
  std::vector<PortRange> ranges;
  const absl::string_view list(text.data(), text.size());
  for (const absl::string_view item : absl::StrSplit(list, ',', absl::SkipWhitespace())) {
    const absl::string_view bare = absl::StripAsciiWhitespace(item);
    FL_ASSIGN_OR_RETURN(const PortRange range, ParsePortOrRange({bare.data(), bare.size()}));
    ranges.push_back(range);
  }
  return ranges;
}

absl::StatusOr<PortRange> ChooseMasqueradePorts(const std::vector<PortRange>& taken) {
  std::optional<PortRange> range = LargestFree(taken, kFirstQuiet);
  if (!range || range->size() < kEnough) range = LargestFree(taken, kFirstUnprivileged);
  if (range) return *range;
  return absl::ResourceExhaustedError(
      "the ephemeral, reserved and NodePort ranges leave no port to masquerade with");
}

}  // namespace fairlead::plan
