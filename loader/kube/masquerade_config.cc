// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/masquerade_config.h"

#include <fmt/format.h>

#include <optional>

#include "base/status_macros.h"
#include "loader/kube/field_reader.h"
#include "loader/kube/yaml_documents.h"

namespace fairlead::kube {
namespace {

absl::StatusOr<MasqueradeConfig> FromJson(const nlohmann::json& document) {
  MasqueradeConfig config;
  absl::Status error;
  const FieldReader root(document, error);
  root.ForEachMember([&](std::string_view key, const FieldReader& value) {
    if (key == "nonMasqueradeCIDRs") {
      value.ForEachItem(
          [&](const FieldReader& item) { config.non_masquerade_cidrs.push_back(item.Block()); });
    } else if (key == "masqLinkLocal") {
      config.masq_link_local = value.Bool(false);
    } else if (key == "masqLinkLocalIPv6") {
      config.masq_link_local_ipv6 = value.Bool(false);
    } else if (key == "resyncInterval") {
      value.Text();
    } else {
      value.Fail("is no setting of ip-masq-agent");
    }
  });
  FL_RETURN_IF_ERROR(error);
  if (config.non_masquerade_cidrs.size() > kMostMasqueradeCidrs) {
    return absl::InvalidArgumentError(fmt::format("nonMasqueradeCIDRs has {} blocks, more than {}",
                                                  config.non_masquerade_cidrs.size(),
                                                  kMostMasqueradeCidrs));
  }
  return config;
}

}  // namespace

absl::StatusOr<MasqueradeConfig> ParseMasqueradeConfig(const std::string& text) {
  absl::StatusOr<MasqueradeConfig> config = MasqueradeConfig{};
  int documents = 0;
  // JSON is YAML, too.
  const std::optional<SyntaxError> wrong = ReadYamlDocuments(text, [&](Document&& document) {
    if (documents++ == 0) config = FromJson(document.value);
  });
  if (wrong)
    return absl::InvalidArgumentError(fmt::format("line {}: {}", wrong->line, wrong->reason));
  if (documents > 1) return absl::InvalidArgumentError("has more than one document");
  return config;
}

}  // namespace fairlead::kube
