// SPDX-License-Identifier: Apache-2.0
//
// See selector.h.
#include "tests/apiserver/selector.h"

#include <algorithm>

namespace fairlead::apiserver {
namespace {

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// At commas that do not stand in parentheses.
std::vector<std::string_view> Split(std::string_view text) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      parts.push_back(Trimmed(text.substr(begin, i - begin)));
      begin = i + 1;
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')') {
      --depth;
    }
  }
  return parts;
}

}  // namespace

absl::StatusOr<Selector::Term> Selector::ParseTerm(std::string_view text) {
  if (text.starts_with('!')) {
    return Term{std::string(Trimmed(text.substr(1))), Operator::kNotExists, {}};
  }
  // The longer ones first: "==" contains "=".
  for (const auto& [sign, op] : {std::pair{"!=", Operator::kNotIn},
                                 {"==", Operator::kIn},
                                 {"=", Operator::kIn},
                                 {" notin ", Operator::kNotIn},
                                 {" in ", Operator::kIn}}) {
    const size_t at = text.find(sign);
    if (at == std::string_view::npos) continue;
    Term term{std::string(Trimmed(text.substr(0, at))), op, {}};
    std::string_view values = Trimmed(text.substr(at + std::string_view(sign).size()));
    if (std::string_view(sign).ends_with(' ')) {
      if (!values.starts_with('(') || !values.ends_with(')')) break;
      values = values.substr(1, values.size() - 2);
      for (const std::string_view value : Split(values)) term.values.emplace_back(value);
    } else {
      term.values.emplace_back(values);
    }
    if (term.key.empty()) break;
    return term;
  }
  if (text.empty() || text.find_first_of(" ()<>=!") != std::string_view::npos) {
    return absl::InvalidArgumentError("unable to parse requirement: " + std::string(text));
  }
  return Term{std::string(text), Operator::kExists, {}};
}

absl::StatusOr<Selector> Selector::Parse(std::string_view text) {
  Selector selector;
  if (Trimmed(text).empty()) return selector;
  for (const std::string_view part : Split(text)) {
    auto term = ParseTerm(part);
    if (!term.ok()) return term.status();
    selector.terms_.push_back(*std::move(term));
  }
  return selector;
}

bool Selector::Matches(const Labels& labels) const {
  return std::ranges::all_of(terms_, [&labels](const Term& term) {
    const auto label = labels.find(term.key);
    const bool exists = label != labels.end();
    const bool among = exists && std::ranges::find(term.values, label->second) != term.values.end();
    switch (term.op) {
      case Operator::kIn:
        return among;
      case Operator::kNotIn:
        return !among;  // also without the label, as in Kubernetes
      case Operator::kExists:
        return exists;
      case Operator::kNotExists:
        return !exists;
    }
    return false;
  });
}

std::vector<std::string> Selector::Keys() const {
  std::vector<std::string> keys;
  for (const Term& term : terms_) keys.push_back(term.key);
  return keys;
}

}  // namespace fairlead::apiserver
