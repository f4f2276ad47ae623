// SPDX-License-Identifier: Apache-2.0
//
// BackendTable: one family's `backends` and `backend_flows`. A backend keeps its number while it
// lives; a number that is given to another has another generation by then.
//
//   Put ──▶ of a service port ──Remove──▶ free: TCP is reset, UDP moves
//              ▲        ╰──────Retire──▶ retired: keeps its TCP and SCTP flows, gets no new ones
//              ╰───────────Put of its endpoint, by any service port─────────────╯
#ifndef FAIRLEAD_LOADER_APPLY_BACKEND_TABLE_H_
#define FAIRLEAD_LOADER_APPLY_BACKEND_TABLE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "loader/apply/number_queue.h"
#include "loader/apply/port_bits.h"
#include "loader/plan/service_plan.h"
#include "maps/tables.h"

namespace fairlead::apply {

// Of one service port.
using BackendNumbers = absl::btree_map<Endpoint, uint32_t>;

template <typename Abi>
class BackendTable {
 public:
  BackendTable() = default;
  // Takes over what the table holds, which outlives this object: the backends of each of
  // `services`, by its id. Those of others are freed.
  BackendTable(FamilyTables<Abi>& tables, std::map<uint32_t, BackendNumbers>& services);

  // Adds those that are new, and sets the state of all. ResourceExhausted, naming the table.
  absl::Status Put(uint32_t service, Protocol protocol,
                   const std::vector<plan::PlannedBackend>& planned, BackendNumbers& numbers);
  // A Put that led to nothing: those that are not of `before` are free or retired, as they were.
  void TakeBack(Protocol protocol, const std::set<Endpoint>& before, BackendNumbers& numbers);
  // Frees those that are not `kept`: these endpoints are gone.
  void Remove(Protocol protocol, const std::set<Endpoint>& kept, BackendNumbers& numbers);
  // Of a service port that is gone: its endpoints may well live. Those that have flows keep them
  // until these are over, the endpoint is removed somewhere, or nothing else is free
  // (docs/decisions/0033). Price: those retired before, one read each.
  void Retire(Protocol protocol, BackendNumbers& numbers);
  // As it is in the tables.
  plan::PlannedBackend Read(const Endpoint& endpoint, uint32_t number) const;

 private:
  // A free number, at last a retired one's.
  std::optional<uint32_t> TakeNumber();
  // The retired one of that endpoint, or a free one with its address.
  std::optional<uint32_t> NumberFor(Protocol protocol, const Endpoint& endpoint);
  void Free(uint32_t number);
  // Frees it if it has no flows.
  void RetireOrFree(const Endpoint& endpoint, uint32_t number);
  // Those whose flows are over.
  void FreeIdle();
  void FreeRetired(const Endpoint& endpoint);
  bool HasFlows(uint32_t number) const;
  // Keeps the bit of a port with the state of its backends.
  void SetState(uint32_t number, uint8_t state);

  PortBits host_ports_;
  MappedArray<typename Abi::Backend>* table_ = nullptr;
  MappedArray<uint32_t>* flows_ = nullptr;
  NumberQueue numbers_;
  std::multimap<Endpoint, uint32_t> retired_;
};

}  // namespace fairlead::apply

#endif  // FAIRLEAD_LOADER_APPLY_BACKEND_TABLE_H_
