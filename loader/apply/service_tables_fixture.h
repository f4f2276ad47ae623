// SPDX-License-Identifier: Apache-2.0
//
// For tests: tables of their own, too small for much, and one service in them.
#ifndef FAIRLEAD_LOADER_APPLY_SERVICE_TABLES_FIXTURE_H_
#define FAIRLEAD_LOADER_APPLY_SERVICE_TABLES_FIXTURE_H_

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "loader/apply/service_tables.h"
#include "loader/kernel/map_set.h"

namespace fairlead::apply {

inline constexpr MapSizes kSmall = {
    .flows = 64, .half_open_buckets = 16, .services = 4, .runs = 8, .backends = 8};

inline const plan::Frontend kWeb4{*IpAddress::Parse("10.96.0.10"), 80, Protocol::kTcp};
inline const plan::Frontend kWeb6{*IpAddress::Parse("fd00:96::10"), 80, Protocol::kTcp};

inline plan::PlannedBackend Backend(const char* address, uint16_t port) {
  return {.endpoint = {*IpAddress::Parse(address), port}, .in_cluster = true};
}

inline plan::PlannedBackend Draining(const char* address, uint16_t port) {
  return {.endpoint = {*IpAddress::Parse(address), port}};
}

inline plan::ServicePortName NameOf(const plan::Frontend& frontend, const char* name = "web") {
  return {.owner = {kube::Kind::kService, {"shop", name}},
          .port_name = "",
          .protocol = frontend.protocol,
          .family = frontend.vip.family()};
}

inline plan::PlannedService Service(std::vector<plan::PlannedBackend> backends,
                                    const plan::Frontend& frontend = kWeb4) {
  plan::PlannedService service;
  service.backends = std::move(backends);
  service.frontends = {{.address = frontend}};
  return service;
}

class ServicesInTables : public ::testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<MapSet> maps = MapSet::Create(Sizes(), "");
    ASSERT_TRUE(maps.ok()) << maps.status();
    absl::StatusOr<Tables> tables = maps->Open();
    ASSERT_TRUE(tables.ok()) << tables.status();
    tables_ = *std::move(tables);
    Restart();
  }
  virtual MapSizes Sizes() const { return kSmall; }
  void Restart() {
    absl::StatusOr<ServiceTables> services = ServiceTables::Adopt(tables_);
    ASSERT_TRUE(services.ok()) << services.status();
    services_ = *std::move(services);
  }
  service Find(const plan::Frontend& frontend) {
    service_key4 key{};
    key.vip = ToAbi<ip4>(frontend.vip);
    key.port = htons(frontend.port);
    key.protocol = 6;
    const auto found = tables_.v4.services.Find(key);
    return found.ok() && found->has_value() ? **found : service{};
  }
  uint32_t NumberAt(uint32_t i) { return tables_.v4.runs[Find(kWeb4).first + i]; }

  Tables tables_;
  ServiceTables services_;
};

}  // namespace fairlead::apply

#endif  // FAIRLEAD_LOADER_APPLY_SERVICE_TABLES_FIXTURE_H_
