// SPDX-License-Identifier: Apache-2.0
//
// The configuration of the programs in human units, and its translation to
// what .rodata holds.
#ifndef FAIRLEAD_LOADER_KERNEL_HOOK_CONFIG_H_
#define FAIRLEAD_LOADER_KERNEL_HOOK_CONFIG_H_

#include <cstdint>

#include "maps/abi/hook_config_abi.h"
#include "maps/tables.h"

namespace fairlead {

struct HookOptions {
  // Seconds, by enum flow_timeout.
  uint32_t timeout_seconds[TIMEOUT_COUNT] = {60, 24 * 3600, 3600, 10, 30, 120, 30};
  // Source ports for masquerading: outside the ephemeral range of Linux
  // (32768-60999) and the default NodePort range (30000-32767).
  uint32_t snat_first_port = 10000;
  uint32_t snat_ports = 20000;
  bool masquerade = true;
  bool record_verdicts = false;
  bool default_deny = false;
  uint32_t tunnel_port = 0;  // 0: no tunnels
  uint32_t vni = 0;
  // from_wire leaves every such tick, a power of two, to TC, which tells the kernel whose
  // neighbours are in use; 0: none.
  uint32_t neighbour_ticks = 1024;
  // from_wire gets every frame in one buffer. Generic XDP needs that: Linux 6.18 hands what it
  // had to copy into several to TC without the length of its Ethernet header.
  bool one_buffer = false;
  bool direct_return = false;  // clients outside are relayed to their backend's node
  uint32_t test_seed = 0;      // not 0: choices follow from the packet
  bool guests = false;         // the pods are another network's
  bool strangers = false;      // TCP under way that we do not know is another proxy's
  uint64_t netns_cookie = 0;   // 0: no process of the host is served
};

// Jiffies per second: the kernel's coarse clocks tick once per jiffy.
uint32_t JiffiesPerSecond();

// The seed and the sizes come from the tables that the programs will use.
hook_config MakeHookConfig(const HookOptions& options, uint64_t hash_seed,
                           uint32_t half_open_buckets, uint32_t flows);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_KERNEL_HOOK_CONFIG_H_
