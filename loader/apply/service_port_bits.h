// SPDX-License-Identifier: Apache-2.0
//
// ServicePortBits: the bits of `service_ports`. Several frontends may share a port
// (each of an address of its own): the first sets the bit, the last clears it.
#ifndef FAIRLEAD_LOADER_APPLY_SERVICE_PORT_BITS_H_
#define FAIRLEAD_LOADER_APPLY_SERVICE_PORT_BITS_H_

#include <cstdint>
#include <map>

#include "loader/plan/service_plan.h"
#include "maps/core/mapped_array.h"

namespace fairlead::apply {

class ServicePortBits {
 public:
  ServicePortBits() = default;
  explicit ServicePortBits(MappedArray<uint32_t>& words) : words_(&words) {}  // which outlives this

  // Counts a frontend that is in the tables already; Settle when all are known.
  void Know(const plan::Frontend& frontend) { ++frontends_[BitOf(frontend)]; }
  // Makes the bits say what is known, and nothing else.
  void Settle();

  // After the frontend's entry has been written, and before it is erased.
  void Add(const plan::Frontend& frontend);
  void Remove(const plan::Frontend& frontend);

 private:
  static uint32_t BitOf(const plan::Frontend& frontend);

  MappedArray<uint32_t>* words_ = nullptr;
  std::map<uint32_t, uint32_t> frontends_;  // by bit
};

}  // namespace fairlead::apply

#endif  // FAIRLEAD_LOADER_APPLY_SERVICE_PORT_BITS_H_
