// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/frontend_table.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <cstring>

#include "base/status_macros.h"
#include "maps/service/service_port_abi.h"

namespace fairlead::apply {
namespace {

template <typename Abi>
typename Abi::ServiceKey KeyOf(const plan::Frontend& frontend) {
  typename Abi::ServiceKey key{};
  key.vip = ToAbi<typename Abi::Ip>(frontend.vip);
  key.port = htons(frontend.port);
  key.protocol = static_cast<uint8_t>(frontend.protocol);
  key.relayed = frontend.relayed ? 1 : 0;
  return key;
}

template <typename Key>
plan::Frontend FrontendOf(const Key& key) {
  return {FromAbi(key.vip), ntohs(key.port), static_cast<Protocol>(key.protocol), key.relayed != 0};
}

// Of its port in `service_ports`.
uint32_t BitOf(const plan::Frontend& frontend) {
  uint32_t kind = SERVICE_PORT_SCTP;
  if (frontend.protocol == Protocol::kTcp) kind = SERVICE_PORT_TCP;
  if (frontend.protocol == Protocol::kUdp) kind = SERVICE_PORT_UDP;
  return SERVICE_PORT_WORD(kind, frontend.port) * 32 + frontend.port % 32;
}

}  // namespace

template <typename Abi>
absl::StatusOr<FrontendTable<Abi>> FrontendTable<Abi>::Adopt(FamilyTables<Abi>& tables) {
  FrontendTable result;
  result.tables_ = &tables;
  result.bits_ = PortBits(tables.service_ports, 0, SERVICE_PORT_WORD(SERVICE_PORT_OF_BACKEND, 0));
  FL_ASSIGN_OR_RETURN(result.prefixes_, ServicePrefixes<Abi>::Adopt(tables));
  FL_ASSIGN_OR_RETURN(const auto entries, tables.services.Snapshot());
  for (const auto& [key, entry] : entries) {
    result.entries_[FrontendOf(key)] = entry;
    result.bits_.Know(BitOf(FrontendOf(key)));
    result.prefixes_.Know(FromAbi(key.vip), entry.kind);
  }
  result.bits_.Settle();
  FL_RETURN_IF_ERROR(result.prefixes_.ForgetUnknown());
  return result;
}

template <typename Abi>
absl::Status FrontendTable<Abi>::Put(const plan::Frontend& frontend, const service& entry,
                                     Undo& undo) {
  const auto found = entries_.find(frontend);
  const bool is_new = found == entries_.end();
  if (!is_new && std::memcmp(&found->second, &entry, sizeof(entry)) == 0) return absl::OkStatus();
  if (absl::Status status = tables_->services.Put(KeyOf<Abi>(frontend), entry); !status.ok()) {
    return {status.code(), fmt::format("{}: no room for {}, see --max-services",
                                       std::string(status.message()), frontend.ToString())};
  }
  const auto before = is_new ? std::nullopt : std::optional(found->second);
  undo.emplace_back(frontend, before);
  entries_[frontend] = entry;
  if (is_new) bits_.Add(BitOf(frontend));
  FL_RETURN_IF_ERROR(prefixes_.Add(frontend.vip, entry.kind));
  return before.has_value() ? prefixes_.Remove(frontend.vip, before->kind) : absl::OkStatus();
}

// Entries that were there still have their room; what was not goes again.
template <typename Abi>
void FrontendTable<Abi>::TakeBack(const Undo& undo) {
  for (const auto& [frontend, before] : undo) {
    if (before.has_value()) {
      Undo nothing;
      Put(frontend, *before, nothing).IgnoreError();
    } else {
      Erase(frontend, entries_.at(frontend).id).IgnoreError();
    }
  }
}

template <typename Abi>
absl::Status FrontendTable<Abi>::Erase(const plan::Frontend& frontend, uint32_t owner) {
  if (Find(frontend, owner) == nullptr) return absl::OkStatus();
  bits_.Remove(BitOf(frontend));
  if (absl::Status status = tables_->services.Erase(KeyOf<Abi>(frontend)); !status.ok()) {
    bits_.Add(BitOf(frontend));
    return status;
  }
  const uint32_t kind = entries_.at(frontend).kind;
  entries_.erase(frontend);
  return prefixes_.Remove(frontend.vip, kind);
}

template <typename Abi>
const service* FrontendTable<Abi>::Find(const plan::Frontend& frontend, uint32_t owner) const {
  const auto found = entries_.find(frontend);
  return found != entries_.end() && found->second.id == owner ? &found->second : nullptr;
}

template class FrontendTable<Abi4>;
template class FrontendTable<Abi6>;

}  // namespace fairlead::apply
