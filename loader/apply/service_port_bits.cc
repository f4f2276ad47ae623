// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/service_port_bits.h"

#include <atomic>

#include "maps/service/service_port_abi.h"

namespace fairlead::apply {
namespace {

// The maps are shared memory: what other CPUs must see before what follows.
void Publish() { std::atomic_thread_fence(std::memory_order_seq_cst); }

}  // namespace

uint32_t ServicePortBits::BitOf(const plan::Frontend& frontend) {
  uint32_t kind = SERVICE_PORT_SCTP;
  if (frontend.protocol == Protocol::kTcp) kind = SERVICE_PORT_TCP;
  if (frontend.protocol == Protocol::kUdp) kind = SERVICE_PORT_UDP;
  return SERVICE_PORT_WORD(kind, frontend.port) * 32 + frontend.port % 32;
}

void ServicePortBits::Settle() {
  auto known = frontends_.begin();
  for (uint32_t word = 0; word < words_->size(); ++word) {
    uint32_t bits = 0;
    for (; known != frontends_.end() && known->first / 32 == word; ++known) {
      bits |= SERVICE_PORT_BIT(known->first);
    }
    if ((*words_)[word] != bits) (*words_)[word] = bits;
  }
}

void ServicePortBits::Add(const plan::Frontend& frontend) {
  const uint32_t bit = BitOf(frontend);
  if (frontends_[bit]++ != 0) return;
  Publish();
  (*words_)[bit / 32] = (*words_)[bit / 32] | SERVICE_PORT_BIT(bit);
}

void ServicePortBits::Remove(const plan::Frontend& frontend) {
  const auto found = frontends_.find(BitOf(frontend));
  if (found == frontends_.end() || --found->second != 0) return;
  const uint32_t bit = found->first;
  frontends_.erase(found);
  (*words_)[bit / 32] = (*words_)[bit / 32] & ~SERVICE_PORT_BIT(bit);
  Publish();
}

}  // namespace fairlead::apply
