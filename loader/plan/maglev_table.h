// SPDX-License-Identifier: Apache-2.0
//
// Maglev's lookup table ("Maglev: A Fast and Reliable Software Network Load
// Balancer", NSDI 2016, section 3.4): each backend names the entries in an order
// of its own, and in turns each takes the first of them that is free.
//
//   entry      0  1  2  3  4  5  6  …  size-1
//   backend    b  a  a  c  b  c  a
//
// Shares are even, and one backend that comes or goes moves few entries of the
// others. The order follows from the backend's address and port alone, so every
// node makes the same table from the same backends.
#ifndef FAIRLEAD_LOADER_PLAN_MAGLEV_TABLE_H_
#define FAIRLEAD_LOADER_PLAN_MAGLEV_TABLE_H_

#include <cstdint>
#include <vector>

#include "base/ip.h"

namespace fairlead::plan {

struct WeightedEndpoint {
  Endpoint endpoint;
  uint32_t weight = 1;  // at least 1

  friend bool operator==(const WeightedEndpoint&, const WeightedEndpoint&) = default;
};

// Sizes that a table may have: primes, each four times the one before.
const std::vector<uint32_t>& MaglevSizes();

// The smallest with a hundred entries per backend, so that shares differ by about a hundredth; the
// largest if there is none.
uint32_t MaglevSizeFor(size_t backends);

// For each entry the index of its backend. `backends` are at least one, sorted, each once; `size`
// is prime. Price: about size × ln(size) steps, times the spread of weights.
std::vector<uint32_t> MakeMaglevTable(const std::vector<WeightedEndpoint>& backends, uint32_t size);

}  // namespace fairlead::plan

#endif  // FAIRLEAD_LOADER_PLAN_MAGLEV_TABLE_H_
