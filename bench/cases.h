// SPDX-License-Identifier: Apache-2.0
//
// The cases: how the tables get into the state that is measured, what is sent,
// and how it is known that it did what it says.
//
//   established_*, reply_*  known flows, each promoted by a whole handshake
//   new_*                   SYNs never seen before
//   promote_clusterip       SYN-ACKs that turn half-open flows into flows
//   xdp_*                   from_wire: to a NodePort's backend on another node
//   udp_request_reply       a DNS exchange: a first datagram and its answer
//   yardstick_hash_lookup   nothing of ours: what a hash lookup costs on this machine
#ifndef FAIRLEAD_BENCH_CASES_H_
#define FAIRLEAD_BENCH_CASES_H_

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/ip.h"
#include "bench/samples.h"
#include "bench/world.h"

namespace fairlead::bench {

struct Plan {
  std::set<std::string> names;  // empty: all
  std::set<uint32_t> flows;     // of the established cases; powers of two
  std::vector<Family> families;
  uint32_t rounds = 21;
};

const std::vector<std::string>& CaseNames();

// Measures; `tell` gets each result as soon as there is one. An error if a case
// did not do what its name says.
absl::Status RunCases(World& world, const Plan& plan,
                      const std::function<void(const Result&)>& tell);

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_CASES_H_
