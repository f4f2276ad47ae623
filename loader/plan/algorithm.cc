// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/algorithm.h"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "absl/strings/numbers.h"

namespace fairlead::plan {
namespace {

// Of an annotation that is there.
std::optional<Algorithm> ReadAlgorithm(std::string_view word) {
  const auto found = Algorithms().find(std::string(word));
  return found == Algorithms().end() ? std::nullopt : std::optional(found->second);
}

std::optional<uint32_t> ReadWeight(std::string_view text) {
  uint32_t weight = 0;
  if (!absl::SimpleAtoi(std::string(text), &weight) || weight < 1 || weight > kMaxWeight) {
    return std::nullopt;
  }
  return weight;
}

}  // namespace

const std::map<std::string, Algorithm>& Algorithms() {
  static const auto* const kWords =
      new std::map<std::string, Algorithm>{{"random", Algorithm::kRandom},
                                           {"maglev", Algorithm::kMaglev},
                                           {"least-connections", Algorithm::kLeastConnections}};
  return *kWords;
}

Algorithm AlgorithmOf(const kube::Service& service, Algorithm otherwise) {
  const auto word = service.meta.annotations.Find(kAlgorithmAnnotation);
  return !word.has_value() ? otherwise : ReadAlgorithm(*word).value_or(otherwise);
}

uint32_t WeightOf(const kube::EndpointSlice& slice) {
  const auto text = slice.meta.annotations.Find(kWeightAnnotation);
  return !text.has_value() ? 1 : ReadWeight(*text).value_or(1);
}

void NoteAlgorithmProblems(const kube::Service& service,
                           const std::vector<const kube::EndpointSlice*>& slices,
                           Algorithm otherwise, std::vector<PlanProblem>& problems) {
  const kube::ObjectRef object{kube::Kind::kService, service.meta.name};
  const auto word = service.meta.annotations.Find(kAlgorithmAnnotation);
  if (word.has_value() && !ReadAlgorithm(*word).has_value()) {
    problems.push_back(
        {object, fmt::format("{} is \"{}\", must be random, maglev or least-connections",
                             kAlgorithmAnnotation, *word)});
  }
  const bool weighs = AlgorithmOf(service, otherwise) != Algorithm::kRandom;
  for (const kube::EndpointSlice* slice : slices) {
    const auto text = slice->meta.annotations.Find(kWeightAnnotation);
    if (!text.has_value()) continue;
    const std::string where = fmt::format("EndpointSlice {}: {}", slice->meta.name.ToString(),
                                          std::string(kWeightAnnotation));
    if (!ReadWeight(*text).has_value()) {
      problems.push_back({object, fmt::format("{} is \"{}\", must be a number from 1 to {}", where,
                                              *text, kMaxWeight)});
    } else if (!weighs) {
      problems.push_back({object, where + ": this Service chooses at random, without weights"});
    }
  }
}

}  // namespace fairlead::plan
