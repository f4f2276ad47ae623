// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/masquerade_rules.h"

#include <fmt/format.h>

namespace fairlead {

apply::MasqueradeRules MakeMasqueradeRules(const Options& options, const MasqueradeFile* file,
                                           ProblemLog& problems) {
  apply::MasqueradeRules rules;
  rules.nodes = options.masquerade_nodes;
  for (const auto* blocks : {&options.non_masquerade_cidrs, &options.cluster_cidr}) {
    for (const std::string& block : *blocks) {
      const absl::StatusOr<Cidr> cidr = Cidr::Parse(block);
      if (cidr.ok()) rules.direct.push_back(*cidr);
    }
  }
  if (file == nullptr) return rules;
  const kube::MasqueradeConfig& config = file->config();
  rules.direct.insert(rules.direct.end(), config.non_masquerade_cidrs.begin(),
                      config.non_masquerade_cidrs.end());
  if (!file->problem().empty()) problems.Note(file->problem());
  if (config.masq_link_local || config.masq_link_local_ipv6) {
    problems.Note(fmt::format(
        "{}: masqLinkLocal has no effect: pods reach no link-local address but their gateway",
        options.non_masquerade_config));
  }
  return rules;
}

}  // namespace fairlead
