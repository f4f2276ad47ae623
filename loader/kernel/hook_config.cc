// SPDX-License-Identifier: Apache-2.0
#include "loader/kernel/hook_config.h"

#include <bit>
#include <ctime>

namespace fairlead {

uint32_t JiffiesPerSecond() {
  timespec tick{};
  clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
  return static_cast<uint32_t>((1'000'000'000 + tick.tv_nsec / 2) / tick.tv_nsec);
}

hook_config MakeHookConfig(const HookOptions& options, uint64_t hash_seed,
                           uint32_t half_open_buckets, uint32_t flows) {
  hook_config config{};
  for (int i = 0; i < TIMEOUT_COUNT; ++i) {
    config.timeout[i] = options.timeout_seconds[i] * JiffiesPerSecond();
  }
  config.hash_seed = hash_seed;
  config.half_open_mask = half_open_buckets - 1;
  config.flow_mask = std::bit_ceil(flows) - 1;
  config.snat_first_port = options.snat_first_port;
  config.snat_ports = options.snat_ports;
  config.masquerade = options.masquerade ? 1 : 0;
  config.record_verdicts = options.record_verdicts ? 1 : 0;
  config.default_deny = options.default_deny ? 1 : 0;
  config.tunnel_port = options.tunnel_port;
  config.direct_return = options.direct_return ? 1 : 0;
  config.vni = options.vni;
  config.neighbour_mask = options.neighbour_ticks == 0 ? 0 : options.neighbour_ticks - 1;
  config.test_seed = options.test_seed;
  config.guests = options.guests ? 1 : 0;
  config.strangers = options.strangers ? 1 : 0;
  config.netns_cookie = options.netns_cookie;
  return config;
}

}  // namespace fairlead
