// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/plan_of.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "loader/kube/store_fixture.h"

namespace fairlead::contract {
namespace {

plan::Frontend ParseFrontend(std::string_view text) {
  plan::Frontend frontend;
  if (const size_t slash = text.find('/'); slash != std::string_view::npos) {
    frontend.protocol = text.substr(slash) == "/udp" ? Protocol::kUdp : Protocol::kSctp;
    text = text.substr(0, slash);
  }
  const size_t colon = text.rfind(':');
  frontend.port = static_cast<uint16_t>(std::stoi(std::string(text.substr(colon + 1))));
  std::string_view address = text.substr(0, colon);
  if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
  const absl::StatusOr<IpAddress> vip = IpAddress::Parse(address);
  EXPECT_TRUE(vip.ok()) << text;
  if (vip.ok()) frontend.vip = *vip;
  return frontend;
}

}  // namespace

void Cluster::Put(const std::string& yaml) {
  kube::PutAll(yaml, store_);
  const std::vector<IpAddress> own = {*IpAddress::Parse("172.31.0.11"),
                                      *IpAddress::Parse("fd00:31::11")};
  plan_ = plan::MakeServicePlan(
      store_.services(), store_.endpoint_slices(),
      {.node_name = "node1", .zone = "zone1", .node_port_addresses = own, .node_addresses = own});
}

std::string Cluster::Inside(std::string_view frontend) const { return Answer(frontend, true); }
std::string Cluster::Outside(std::string_view frontend) const { return Answer(frontend, false); }

std::string Cluster::Owner(std::string_view frontend) const {
  const auto owner = plan_.owners.find(ParseFrontend(frontend));
  return owner == plan_.owners.end() ? kUnproxied : owner->second.ToString();
}

const plan::PlannedService& Cluster::Service(std::string_view frontend) const {
  static const plan::PlannedService kNone;
  const auto owner = plan_.owners.find(ParseFrontend(frontend));
  EXPECT_NE(owner, plan_.owners.end()) << frontend;
  return owner == plan_.owners.end() ? kNone : plan_.services.at(owner->second);
}

std::string Cluster::Answer(std::string_view text, bool inside) const {
  const plan::Frontend address = ParseFrontend(text);
  const auto owner = plan_.owners.find(address);
  if (owner == plan_.owners.end()) return kUnproxied;
  const plan::PlannedService& service = plan_.services.at(owner->second);
  for (const plan::PlannedFrontend& frontend : service.frontends) {
    if (frontend.address != address) continue;
    std::vector<std::string> backends;
    for (const plan::PlannedBackend& backend : service.backends) {
      if (backend.In(inside ? frontend.inside : frontend.outside)) {
        backends.push_back(backend.endpoint.ToString());
      }
    }
    if (!backends.empty()) return fmt::format("{}", fmt::join(backends, " "));
  }
  return service.usable_somewhere ? kDrop : kReject;
}

std::string Web(const std::string& spec) {
  return fmt::format(R"(
---
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop}}
spec: {{clusterIP: 10.96.0.10, ports: [{{port: 80}}]{}{}}}
)",
                     spec.empty() ? "" : ", ", spec);
}

std::string WebSlice(const std::string& name, const std::vector<std::string>& endpoints,
                     const std::string& ports) {
  std::string yaml = fmt::format(R"(
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {}, namespace: shop, labels: {{kubernetes.io/service-name: web}}}}
addressType: IPv4
ports: {}
endpoints:{}
)",
                                 name, ports, endpoints.empty() ? " []" : "");
  for (const std::string& endpoint : endpoints) yaml += fmt::format("- {{{}}}\n", endpoint);
  return yaml;
}

}  // namespace fairlead::contract
