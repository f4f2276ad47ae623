// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/service_prefixes.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "loader/apply/prefix_key.h"

namespace fairlead::apply {
namespace {

// A virtual IP's other ports are the world's: there a block of it stays.
bool YieldsTo(uint32_t kind, const prefix& present) {
  return IsOfServices(present) || (present.kind == PREFIX_DIRECT && IsOnlyOfServices(kind));
}

}  // namespace

template <typename Abi>
absl::StatusOr<ServicePrefixes<Abi>> ServicePrefixes<Abi>::Adopt(FamilyTables<Abi>& tables) {
  ServicePrefixes result;
  result.tables_ = &tables;
  FL_ASSIGN_OR_RETURN(const auto entries, tables.prefixes.Snapshot());
  for (const auto& [key, entry] : entries) {
    if (!IsOfServices(entry)) continue;
    result.wanted_[BlockOf(key)] = entry.kind;
  }
  return result;
}

template <typename Abi>
absl::Status ServicePrefixes<Abi>::Put(const Cidr& block, uint32_t kind) {
  uint32_t& wanted = wanted_[block];
  return std::exchange(wanted, kind) == kind ? absl::OkStatus() : Ensure(block, kind);
}

// The table finds the longest match, which may be of a block around this one.
template <typename Abi>
absl::StatusOr<bool> ServicePrefixes<Abi>::IsThere(const prefix& match, const Cidr& block) {
  if (block.prefix_length() == 0) return true;
  const Cidr wider = Cidr::Make(block.address(), block.prefix_length() - 1);
  FL_ASSIGN_OR_RETURN(const auto around, tables_->prefixes.Find(PrefixKeyOf<Abi>(wider)));
  return !around.has_value() || around->kind != match.kind || around->node != match.node;
}

template <typename Abi>
absl::Status ServicePrefixes<Abi>::Ensure(const Cidr& block, uint32_t kind) {
  FL_ASSIGN_OR_RETURN(const auto match, tables_->prefixes.Find(PrefixKeyOf<Abi>(block)));
  if (match.has_value() && match->kind == kind) return absl::OkStatus();
  if (match.has_value() && !YieldsTo(kind, *match)) {
    FL_ASSIGN_OR_RETURN(const bool is_there, IsThere(*match, block));
    if (is_there) return absl::OkStatus();
  }
  if (tables_->prefixes.Put(PrefixKeyOf<Abi>(block), {.kind = kind, .node = 0}).ok()) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(
      fmt::format("table prefixes{} has no room for {}", Abi::kDigit, block.ToString()));
}

// NodeTables may have put an entry of its own there since: that one stays. One that had to yield
// comes back with the next look at the nodes; until then pods are masqueraded there.
template <typename Abi>
absl::Status ServicePrefixes<Abi>::Erase(const Cidr& block) {
  if (wanted_.erase(block) == 0) return absl::OkStatus();
  FL_ASSIGN_OR_RETURN(const auto present, tables_->prefixes.Find(PrefixKeyOf<Abi>(block)));
  if (!present.has_value() || !IsOfServices(*present)) return absl::OkStatus();
  return tables_->prefixes.Erase(PrefixKeyOf<Abi>(block));
}

template <typename Abi>
uint32_t* ServicePrefixes<Abi>::UsersOf(const IpAddress& vip, uint32_t frontend_kind) {
  switch (frontend_kind) {
    case SERVICE_CLUSTER_IP:
      return &users_[vip].of_cluster_ip;
    case SERVICE_EXTERNAL_IP:
    case SERVICE_LOAD_BALANCER:
      return &users_[vip].of_virtual_ip;
    default:
      return nullptr;
  }
}

template <typename Abi>
void ServicePrefixes<Abi>::Know(const IpAddress& vip, uint32_t frontend_kind) {
  uint32_t* const users = UsersOf(vip, frontend_kind);
  if (users == nullptr) return;
  ++*users;
  wanted_[Cidr::Of(vip)] = users_.at(vip).kind();
}

template <typename Abi>
absl::Status ServicePrefixes<Abi>::Add(const IpAddress& vip, uint32_t frontend_kind) {
  uint32_t* const users = UsersOf(vip, frontend_kind);
  return users == nullptr || ++*users != 1 ? absl::OkStatus() : Write(vip);
}

template <typename Abi>
absl::Status ServicePrefixes<Abi>::Remove(const IpAddress& vip, uint32_t frontend_kind) {
  uint32_t* const users = UsersOf(vip, frontend_kind);
  return users == nullptr || --*users != 0 ? absl::OkStatus() : Write(vip);
}

template <typename Abi>
uint32_t ServicePrefixes<Abi>::Users::kind() const {
  if (of_cluster_ip != 0) return PREFIX_SERVICE;
  return of_virtual_ip != 0 ? PREFIX_VIRTUAL_IP : 0;
}

// By who uses it now.
template <typename Abi>
absl::Status ServicePrefixes<Abi>::Write(const IpAddress& vip) {
  if (const uint32_t kind = users_.at(vip).kind(); kind != 0) return Put(Cidr::Of(vip), kind);
  users_.erase(vip);
  return Erase(Cidr::Of(vip));
}

template <typename Abi>
absl::Status ServicePrefixes<Abi>::SetCidrs(const std::vector<Cidr>& cidrs) {
  absl::Status status;
  for (const Cidr& cidr : cidrs) {
    if (cidr.family() == Abi::kFamily) status.Update(Put(cidr, PREFIX_SERVICE_CIDR));
  }
  std::vector<Cidr> gone;
  for (const auto& [block, kind] : wanted_) {
    const bool stays =
        kind != PREFIX_SERVICE_CIDR || std::ranges::find(cidrs, block) != cidrs.end();
    if (!stays) gone.push_back(block);
  }
  for (const Cidr& block : gone) FL_RETURN_IF_ERROR(Erase(block));
  return status;
}

template <typename Abi>
absl::Status ServicePrefixes<Abi>::ForgetUnknown() {
  std::vector<Cidr> gone;
  for (const auto& [block, kind] : wanted_) {
    if (kind != PREFIX_SERVICE_CIDR && !users_.contains(block.address())) gone.push_back(block);
  }
  for (const Cidr& block : gone) FL_RETURN_IF_ERROR(Erase(block));
  return absl::OkStatus();
}

template <typename Abi>
absl::Status ServicePrefixes<Abi>::Keep() {
  absl::Status status;
  for (const auto& [block, kind] : wanted_) status.Update(Ensure(block, kind));
  return status;
}

template class ServicePrefixes<Abi4>;
template class ServicePrefixes<Abi6>;

}  // namespace fairlead::apply
