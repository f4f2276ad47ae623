// SPDX-License-Identifier: Apache-2.0
//
// Contract G: what fairleadd does without a flag is what kube-proxy and flannel do. How large the
// flow table is comes from KubeProxyConfiguration (config_file_test.cc), the timeout of session
// affinity from the Service (C_sessionAffinity_…). docs/deviations.md has the rest.
#include <gtest/gtest.h>

#include "loader/daemon/options.h"

namespace fairlead {
namespace {

TEST(Defaults, G_are_kube_proxys) {
  const Options options;
  EXPECT_EQ(options.healthz_bind_address, "0.0.0.0:10256");
  EXPECT_EQ(options.metrics_bind_address, "127.0.0.1:10249");
  EXPECT_EQ(options.node_port_addresses, std::vector<std::string>{"primary"});
  EXPECT_EQ(options.node_ports, "30000-32767");
  EXPECT_EQ(options.timeouts.tcp_established, 24 * 3600u);
  EXPECT_EQ(options.timeouts.tcp_half_closed, 3600u);
  EXPECT_EQ(options.timeouts.other_first, 30u);
  EXPECT_EQ(options.timeouts.other_conversation, 120u);
}

TEST(Defaults, G_of_tunnels_are_flannels) {
  const plan::RoutingOptions routing;
  EXPECT_EQ(routing.tunnel_port, 8472);
  EXPECT_EQ(routing.vni, 1u);
}

}  // namespace
}  // namespace fairlead
