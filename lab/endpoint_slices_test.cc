// SPDX-License-Identifier: Apache-2.0
//
// The lab's endpointslice controller: who is behind a Service, on which port.
#include "lab/endpoint_slices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::lab {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

Object Service(const Object& port) {
  return {{"kind", "Service"},
          {"metadata", {{"name", "web"}}},
          {"spec",
           {{"clusterIPs", Object::array({"10.96.0.1", "fd00:96::1"})},
            {"selector", {{"app", "web"}}},
            {"ports", Object::array({port})}}}};
}

Object ReadyPod(const std::string& name, const std::string& suffix, int http_port = 8080) {
  const Object ports = Object::array({{{"name", "http"}, {"containerPort", http_port}}});
  Object pod = MakePod(name, "node1", {{"app", "web"}, {"tier", "front"}},
                       Object::array({{{"name", "main"}, {"ports", ports}}}));
  SetPodStatus(pod, {"10.244.1." + suffix, "fd00:10:244:1::" + suffix}, true);
  return pod;
}

const Object kPort80 = {{"port", 80}};
const Object kNamedPort = {{"name", "http"}, {"port", 80}, {"targetPort", "http"}};

TEST(MakeEndpointSlices, GivesEveryFamilyItsSlice) {
  const auto slices = MakeEndpointSlices({Service(kPort80), ReadyPod("a", "2")});
  ASSERT_THAT(slices, SizeIs(2));
  EXPECT_EQ(NameOf(slices[0]), "web-ipv4");
  EXPECT_EQ(TextAt(slices[0], "/addressType"), "IPv4");
  EXPECT_EQ(TextAt(slices[0], "/endpoints/0/addresses/0"), "10.244.1.2");
  EXPECT_EQ(TextAt(slices[0], "/endpoints/0/nodeName"), "node1");
  EXPECT_EQ(TextAt(slices[0], "/endpoints/0/targetRef/name"), "a");
  EXPECT_EQ(TextAt(slices[1], "/endpoints/0/addresses/0"), "fd00:10:244:1::2");
  EXPECT_EQ(slices[0]["metadata"]["labels"]["kubernetes.io/service-name"], Object("web"));
}

TEST(MakeEndpointSlices, UsesTheServicesPortWhenItNamesNoTarget) {
  const auto slices = MakeEndpointSlices({Service(kPort80), ReadyPod("a", "2")});
  ASSERT_THAT(slices, SizeIs(2));
  EXPECT_EQ(At(slices[0], "/ports/0/port"), Object(80));
  EXPECT_EQ(TextAt(slices[0], "/ports/0/protocol"), "TCP");
}

TEST(MakeEndpointSlices, LooksNamedPortsUpInEachPod) {
  const auto slices =
      MakeEndpointSlices({Service(kNamedPort), ReadyPod("a", "2", 8080), ReadyPod("b", "3", 9090)});
  ASSERT_THAT(slices, SizeIs(4)) << "two sets of ports, two families";
  EXPECT_EQ(At(slices[0], "/ports/0/port"), Object(8080));
  EXPECT_EQ(At(slices[1], "/ports/0/port"), Object(9090));
  EXPECT_EQ(TextAt(slices[0], "/endpoints/0/targetRef/name"), "a");
  EXPECT_EQ(TextAt(slices[1], "/endpoints/0/targetRef/name"), "b");
}

TEST(MakeEndpointSlices, KeepsAPodThatIsNotReadyButSaysSo) {
  Object pod = ReadyPod("a", "2");
  SetPodStatus(pod, {"10.244.1.2"}, false);
  const auto slices = MakeEndpointSlices({Service(kPort80), pod});
  ASSERT_THAT(slices, SizeIs(2));
  EXPECT_EQ(At(slices[0], "/endpoints/0/conditions/ready"), Object(false));
  EXPECT_THAT(slices[1]["endpoints"], IsEmpty()) << "it has no IPv6 address";
}

TEST(MakeEndpointSlices, PublishesUnreadyPodsWhenTheServiceAsksForThem) {
  Object service = Service(kPort80);
  service["spec"]["publishNotReadyAddresses"] = true;
  Object pod = ReadyPod("a", "2");
  SetPodStatus(pod, {"10.244.1.2"}, false);
  const auto slices = MakeEndpointSlices({service, pod});
  ASSERT_THAT(slices, SizeIs(2));
  EXPECT_EQ(At(slices[0], "/endpoints/0/conditions/ready"), Object(true));
}

TEST(MakeEndpointSlices, LeavesOutPodsOfOtherLabelsAndNamespaces) {
  Object other_label = ReadyPod("a", "2"), other_namespace = ReadyPod("b", "3");
  other_label["metadata"]["labels"]["app"] = "mail";
  other_namespace["metadata"]["namespace"] = "elsewhere";
  const auto slices = MakeEndpointSlices({Service(kPort80), other_label, other_namespace});
  ASSERT_THAT(slices, SizeIs(2)) << "nobody serves, but the slices say so";
  EXPECT_THAT(slices[0]["endpoints"], IsEmpty());
}

TEST(MakeEndpointSlices, LeavesServicesWithoutSelectorToTheirAuthors) {
  Object service = Service(kPort80);
  service["spec"].erase("selector");
  EXPECT_THAT(MakeEndpointSlices({service, ReadyPod("a", "2")}), IsEmpty());
}

}  // namespace
}  // namespace fairlead::lab
