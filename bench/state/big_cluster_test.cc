// SPDX-License-Identifier: Apache-2.0
//
// Promise: the big cluster is one that a real API server could hold: fairlead
// reads every object, names are unique, endpoints are pods.
#include "bench/state/big_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "loader/kube/manifest_file.h"
#include "tests/apiserver/store.h"

namespace fairlead::bench {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Le;

constexpr ClusterSize kSmall = {
    .services = 200, .endpoints = 10, .nodes = 60, .pods = 1000, .policies = 40};

TEST(BigCluster, IsReadWithoutComplaint) {
  std::map<std::string, size_t> counts;
  BigCluster(kSmall).ForEach([&](const apiserver::Resource& resource, const Json& object) {
    const std::string text = apiserver::WithKind(resource, apiserver::CompactText(object));
    const kube::ManifestContents contents = kube::ReadManifest("object.json", text);
    EXPECT_THAT(contents.errors, IsEmpty()) << text;
    ++counts[std::string(resource.plural)];
  });
  const std::map<std::string, size_t> wanted = {{"namespaces", 3},       {"nodes", 60},
                                                {"pods", 1000},          {"services", 200},
                                                {"endpointslices", 200}, {"networkpolicies", 40}};
  EXPECT_EQ(counts, wanted);
}

TEST(BigCluster, HasUniqueNamesAndAddresses) {
  std::set<std::string> keys, addresses, pods;
  BigCluster(kSmall).ForEach([&](const apiserver::Resource& resource, const Json& object) {
    EXPECT_TRUE(
        keys.insert(std::string(resource.plural) + apiserver::KeyOf(resource, object)).second);
    if (resource.plural == "services") {
      EXPECT_TRUE(addresses.insert(object["spec"]["clusterIP"]).second);
    } else if (resource.plural == "pods") {
      EXPECT_TRUE(pods.insert(object["status"]["podIP"]).second);
    } else if (resource.plural == "endpointslices") {
      for (const Json& endpoint : object["endpoints"]) {
        EXPECT_TRUE(pods.contains(endpoint["addresses"][0]));
      }
    }
  });
}

TEST(BigCluster, HasObjectsOfRealSizes) {
  const BigCluster cluster(kSmall);
  const auto size = [](const Json& object) { return apiserver::CompactText(object).size(); };
  EXPECT_THAT(size(cluster.Service(7)), AllOf(Ge(1000), Le(2500)));
  EXPECT_THAT(size(cluster.EndpointSlice(7, 0)), AllOf(Ge(3000), Le(6000)));
  EXPECT_THAT(size(cluster.Node(7)), AllOf(Ge(3000), Le(10000)));
  EXPECT_THAT(size(cluster.Pod(7)), AllOf(Ge(3500), Le(8000)));
  EXPECT_THAT(size(cluster.NetworkPolicy(7)), AllOf(Ge(1000), Le(3000)));
}

}  // namespace
}  // namespace fairlead::bench
