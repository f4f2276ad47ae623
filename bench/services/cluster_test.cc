// SPDX-License-Identifier: Apache-2.0
//
// Promise: a cluster is what was asked for, fairlead reads all of it, and its
// names are kube-proxy's.
#include "bench/services/cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "bench/services/kube_proxy_names.h"
#include "loader/kube/manifest_file.h"

namespace fairlead::bench {
namespace {

using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::UnorderedElementsAre;

Endpoint At(const std::string& address, uint16_t port) {
  return {IpAddress::Parse(address).value(), port};
}

Cluster Make(size_t services, size_t endpoints) {
  return MakeCluster(services, endpoints, "worker", IpAddress(),
                     {.endpoint = At("10.244.1.3", 7777), .node = "worker"});
}

TEST(BenchCluster, HasAsManyServicesAndEndpointsAsWereAskedFor) {
  const Cluster cluster = Make(2501, 3);
  ASSERT_EQ(cluster.services.size(), 2501U);
  std::set<Endpoint> fronts, backends;
  for (const Service& service : cluster.services) {
    fronts.insert(service.front);
    for (const Backend& backend : service.backends) backends.insert(backend.endpoint);
  }
  EXPECT_EQ(fronts.size(), 2501U);
  EXPECT_EQ(backends.size(), 2500U * 3 + 1);
  EXPECT_EQ(cluster.services[1250].name, "bench");
}

TEST(BenchCluster, OfOneServiceIsTheOneThatIsCalled) {
  const Cluster cluster = Make(1, 10);
  ASSERT_EQ(cluster.services.size(), 1U);
  EXPECT_THAT(MakeManifests(cluster),
              UnorderedElementsAre(Key("bench-service.json"), Key(kBenchSliceFile)));
}

TEST(BenchCluster, IsReadWithoutComplaint) {
  size_t services = 0, slices = 0;
  for (const auto& [file, text] : MakeManifests(Make(1500, 10))) {
    const kube::ManifestContents contents = kube::ReadManifest(file, text);
    EXPECT_THAT(contents.errors, IsEmpty());
    for (const auto& [name, object] : contents.objects) {
      services += name.kind == kube::Kind::kService ? 1 : 0;
      slices += name.kind == kube::Kind::kEndpointSlice ? 1 : 0;
    }
  }
  EXPECT_EQ(services, 1500U);
  EXPECT_EQ(slices, 1500U);
}

// Of a real one: tests/data/kube-proxy.
TEST(KubeProxyNames, AreThoseThatWereRecorded) {
  const Cluster cluster = Make(2, 10);
  const Service& bench = cluster.services[0];
  const Service& other = cluster.services[1];
  EXPECT_EQ(NftablesName(bench), "IHVQTT6G-default/bench/tcp/");
  EXPECT_EQ(NftablesName(other), "YCMZ66QZ-default/svc-00000/tcp/http");
  EXPECT_EQ(IptablesName(bench), "DMS3EMAKW2JB4LW2");
  EXPECT_EQ(IptablesName(other), "PBEFCLNCI3FWSPYF");
  EXPECT_EQ(IptablesName(bench, bench.backends[0].endpoint), "FJ7AQQEUHI2B5CMN");
  EXPECT_EQ(IptablesName(other, other.backends[0].endpoint), "JPCLOL6VELVB7WJ5");
}

}  // namespace
}  // namespace fairlead::bench
