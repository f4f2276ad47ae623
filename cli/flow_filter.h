// SPDX-License-Identifier: Apache-2.0
//
// Which flows somebody asked for.
#ifndef FAIRLEAD_CLI_FLOW_FILTER_H_
#define FAIRLEAD_CLI_FLOW_FILTER_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/ip.h"
#include "cli/flow_view.h"

namespace fairlead::cli {

class FlowFilter {
 public:
  FlowFilter() = default;  // lets everything through
  // Texts as given on the command line; empty ones do not filter. InvalidArgument
  // names the one that cannot be read.
  //   pod       an address: client or backend
  //   service   an address, or "10.96.0.10:80", "[fd00::10]:80": the frontend
  //   protocol  "tcp", or a number
  static absl::StatusOr<FlowFilter> Make(const std::string& pod, const std::string& service,
                                         const std::string& protocol);

  bool Matches(const FlowView& flow) const;

 private:
  std::optional<IpAddress> pod_;
  std::optional<IpAddress> service_;
  std::optional<uint16_t> service_port_;
  std::optional<uint8_t> protocol_;
};

}  // namespace fairlead::cli

#endif  // FAIRLEAD_CLI_FLOW_FILTER_H_
