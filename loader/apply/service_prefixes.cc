// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/service_prefixes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/status_macros.h"

namespace fairlead::apply {
namespace {

template <typename Abi>
typename Abi::PrefixKey KeyOf(const Cidr& block) {
  typename Abi::PrefixKey key{};
  key.length = static_cast<uint32_t>(block.prefix_length());
  key.address = ToAbi<typename Abi::Ip>(block.address());
  return key;
}

Cidr Whole(const IpAddress& address) { return Cidr::Make(address, AddressBits(address.family())); }

}  // namespace

template <typename Abi>
absl::StatusOr<ServicePrefixes<Abi>> ServicePrefixes<Abi>::Adopt(FamilyTables<Abi>& tables) {
  ServicePrefixes result;
  result.tables_ = &tables;
  FL_ASSIGN_OR_RETURN(const auto entries, tables.prefixes.Snapshot());
  for (const auto& [key, entry] : entries) {
    if (!IsOfServices(entry)) continue;
    result.written_[Cidr::Make(FromAbi(key.address), static_cast<int>(key.length))] = entry.kind;
  }
  return result;
}

template <typename Abi>
absl::Status ServicePrefixes<Abi>::Put(const Cidr& block, uint32_t kind) {
  const auto written = written_.find(block);
  if (written != written_.end() && written->second == kind) return absl::OkStatus();
  const prefix entry{.kind = kind, .node = 0};
  const absl::Status status = written == written_.end()
                                  ? tables_->prefixes.PutIfAbsent(KeyOf<Abi>(block), entry)
                                  : tables_->prefixes.Put(KeyOf<Abi>(block), entry);
  if (!status.ok()) {
    return absl::ResourceExhaustedError(
        fmt::format("table prefixes{} has no room for {}", Abi::kDigit, block.ToString()));
  }
  written_[block] = kind;
  return absl::OkStatus();
}

// NodeTables may have put an entry of its own there since: that one stays.
template <typename Abi>
absl::Status ServicePrefixes<Abi>::Erase(const Cidr& block) {
  if (written_.erase(block) == 0) return absl::OkStatus();
  FL_ASSIGN_OR_RETURN(const auto present, tables_->prefixes.Find(KeyOf<Abi>(block)));
  if (!present.has_value() || !IsOfServices(*present)) return absl::OkStatus();
  return tables_->prefixes.Erase(KeyOf<Abi>(block));
}

template <typename Abi>
absl::Status ServicePrefixes<Abi>::Add(const IpAddress& cluster_ip) {
  if (++frontends_[cluster_ip] != 1) return absl::OkStatus();
  return Put(Whole(cluster_ip), PREFIX_SERVICE);
}

template <typename Abi>
absl::Status ServicePrefixes<Abi>::Remove(const IpAddress& cluster_ip) {
  const auto found = frontends_.find(cluster_ip);
  if (found == frontends_.end() || --found->second != 0) return absl::OkStatus();
  frontends_.erase(found);
  return Erase(Whole(cluster_ip));
}

template <typename Abi>
absl::Status ServicePrefixes<Abi>::SetCidrs(const std::vector<Cidr>& cidrs) {
  for (const Cidr& cidr : cidrs) {
    if (cidr.family() == Abi::kFamily) FL_RETURN_IF_ERROR(Put(cidr, PREFIX_SERVICE_CIDR));
  }
  std::vector<Cidr> gone;
  for (const auto& [block, kind] : written_) {
    const bool stays = kind == PREFIX_SERVICE || std::ranges::find(cidrs, block) != cidrs.end();
    if (!stays) gone.push_back(block);
  }
  for (const Cidr& block : gone) FL_RETURN_IF_ERROR(Erase(block));
  return absl::OkStatus();
}

template <typename Abi>
absl::Status ServicePrefixes<Abi>::ForgetUnknown() {
  std::vector<Cidr> gone;
  for (const auto& [block, kind] : written_) {
    if (kind == PREFIX_SERVICE && !frontends_.contains(block.address())) gone.push_back(block);
  }
  for (const Cidr& block : gone) FL_RETURN_IF_ERROR(Erase(block));
  return absl::OkStatus();
}

template class ServicePrefixes<Abi4>;
template class ServicePrefixes<Abi6>;

}  // namespace fairlead::apply
