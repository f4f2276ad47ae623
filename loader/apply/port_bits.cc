// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/port_bits.h"

#include <atomic>

#include "maps/service/service_port_abi.h"

namespace fairlead::apply {
namespace {

// The maps are shared memory: what other CPUs must see before what follows.
void Publish() { std::atomic_thread_fence(std::memory_order_seq_cst); }

}  // namespace

void PortBits::Settle() {
  auto known = users_.begin();
  for (uint32_t word = first_; word < first_ + count_; ++word) {
    uint32_t bits = 0;
    for (; known != users_.end() && known->first / 32 == word; ++known) {
      bits |= SERVICE_PORT_BIT(known->first);
    }
    if ((*words_)[word] != bits) (*words_)[word] = bits;
  }
}

void PortBits::Add(uint32_t bit) {
  if (users_[bit]++ != 0) return;
  Publish();
  (*words_)[bit / 32] = (*words_)[bit / 32] | SERVICE_PORT_BIT(bit);
}

void PortBits::Remove(uint32_t bit) {
  const auto found = users_.find(bit);
  if (found == users_.end() || --found->second != 0) return;
  users_.erase(found);
  (*words_)[bit / 32] = (*words_)[bit / 32] & ~SERVICE_PORT_BIT(bit);
  Publish();
}

}  // namespace fairlead::apply
