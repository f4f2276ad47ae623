// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/service_prefixes.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "loader/apply/prefix_key.h"

namespace fairlead::apply {
template <typename Abi>
absl::StatusOr<ServicePrefixes<Abi>> ServicePrefixes<Abi>::Adopt(FamilyTables<Abi>& tables) {
  ServicePrefixes result;
  result.tables_ = &tables;
  FL_ASSIGN_OR_RETURN(const auto entries, tables.prefixes.Snapshot());
  for (const auto& [key, entry] : entries) {
    if (!IsOfServices(entry)) continue;
    result.written_[BlockOf(key)] = entry.kind;
  }
  return result;
}

template <typename Abi>
absl::Status ServicePrefixes<Abi>::Put(const Cidr& block, uint32_t kind) {
  uint32_t& written = written_[block];
  if (std::exchange(written, kind) == kind) return absl::OkStatus();
  FL_ASSIGN_OR_RETURN(const auto present, tables_->prefixes.Find(PrefixKeyOf<Abi>(block)));
  if (present.has_value() && !IsOfServices(*present)) return absl::OkStatus();
  if (tables_->prefixes.Put(PrefixKeyOf<Abi>(block), {.kind = kind, .node = 0}).ok()) {
    return absl::OkStatus();
  }
  written_.erase(block);
  return absl::ResourceExhaustedError(
      fmt::format("table prefixes{} has no room for {}", Abi::kDigit, block.ToString()));
}

// NodeTables may have put an entry of its own there since: that one stays.
template <typename Abi>
absl::Status ServicePrefixes<Abi>::Erase(const Cidr& block) {
  if (written_.erase(block) == 0) return absl::OkStatus();
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
  if (uint32_t* const users = UsersOf(vip, frontend_kind)) ++*users;
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

// What the table shall say of an address, by who uses it now.
template <typename Abi>
absl::Status ServicePrefixes<Abi>::Write(const IpAddress& vip) {
  const Users& users = users_.at(vip);
  if (users.of_cluster_ip != 0) return Put(Cidr::Of(vip), PREFIX_SERVICE);
  if (users.of_virtual_ip != 0) return Put(Cidr::Of(vip), PREFIX_VIRTUAL_IP);
  users_.erase(vip);
  return Erase(Cidr::Of(vip));
}

template <typename Abi>
absl::Status ServicePrefixes<Abi>::SetCidrs(const std::vector<Cidr>& cidrs) {
  for (const Cidr& cidr : cidrs) {
    if (cidr.family() == Abi::kFamily) FL_RETURN_IF_ERROR(Put(cidr, PREFIX_SERVICE_CIDR));
  }
  std::vector<Cidr> gone;
  for (const auto& [block, kind] : written_) {
    const bool stays =
        kind != PREFIX_SERVICE_CIDR || std::ranges::find(cidrs, block) != cidrs.end();
    if (!stays) gone.push_back(block);
  }
  for (const Cidr& block : gone) FL_RETURN_IF_ERROR(Erase(block));
  return absl::OkStatus();
}

template <typename Abi>
absl::Status ServicePrefixes<Abi>::ForgetUnknown() {
  std::vector<Cidr> gone;
  for (const auto& [block, kind] : written_) {
    if (kind != PREFIX_SERVICE_CIDR && !users_.contains(block.address())) gone.push_back(block);
  }
  for (const Cidr& block : gone) FL_RETURN_IF_ERROR(Erase(block));
  return absl::OkStatus();
}

template class ServicePrefixes<Abi4>;
template class ServicePrefixes<Abi6>;

}  // namespace fairlead::apply
