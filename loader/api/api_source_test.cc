// SPDX-License-Identifier: Apache-2.0
//
// All kinds together: what is asked for, and when the store may be trusted.
#include "loader/api/api_source.h"

#include "loader/api/reflector_fixture.h"

namespace fairlead::api {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kSlicesPath[] = "/apis/discovery.k8s.io/v1/endpointslices";
constexpr char kNodesPath[] = "/api/v1/nodes";
constexpr char kCidrsPath[] = "/apis/networking.k8s.io/v1/servicecidrs";

std::vector<std::string> NamesOf(const Needs& needs) {
  std::vector<std::string> names;
  for (const Resource& resource : ResourcesFor(needs)) names.push_back(resource.name);
  return names;
}

class Source : public ::testing::Test {
 protected:
  Source() { source_.Start(); }

  // A complete list of it.
  void List(const char* path, const std::string& object = "") {
    std::string text = BookmarkText("5", true);
    if (!object.empty()) text = EventText("ADDED", object) + text;
    transport_.LastOf(path).Begin().Bytes(text);
  }
  void ListAll() {
    List(kServicesPath, ServiceText("web", "1"));
    List(kSlicesPath, R"({"metadata":{"name":"web-1","namespace":"shop","labels":
      {"kubernetes.io/service-name":"web"}},"addressType":"IPv4"})");
    List(kNodesPath, R"({"metadata":{"name":"n1"}})");
    List(kCidrsPath);
  }

  ManualClock clock_;
  ScriptedTransport transport_;
  kube::ObjectStore store_;
  std::vector<std::string> changed_;
  ApiSource source_{
      {.node_name = "n1"}, transport_, clock_, store_, 1, [this](const Reflector& by) {
        changed_.push_back(by.resource().name);
      }};
};

TEST_F(Source, GivesTheStoreEverythingAtOnce) {
  List(kServicesPath, ServiceText("web", "1"));
  List(kCidrsPath);
  EXPECT_EQ(source_.Missing(), "endpointslices, nodes");
  List(kNodesPath);
  EXPECT_FALSE(source_.synced());
  EXPECT_EQ(store_.revision(), 0u);
  EXPECT_THAT(changed_, IsEmpty());
  List(kSlicesPath);
  EXPECT_TRUE(source_.synced());
  EXPECT_EQ(source_.Missing(), "");
  EXPECT_THAT(store_.services(), SizeIs(1));
  EXPECT_THAT(changed_, ElementsAre("endpointslices"));
}

TEST_F(Source, TellsOfChangesOnceAPieceAndNotOfOtherThings) {
  ListAll();
  changed_.clear();
  ScriptedTransport::Call& services = transport_.LastOf(kServicesPath);
  services.Bytes(EventText("ADDED", ServiceText("a", "6")) +
                 EventText("ADDED", ServiceText("b", "7")));
  EXPECT_THAT(changed_, ElementsAre("services"));
  services.Bytes(BookmarkText("8"));
  services.Bytes(EventText("MODIFIED", ServiceText("a", "9")));  // nothing that is read
  services.End(absl::UnavailableError("reset"));
  EXPECT_THAT(changed_, SizeIs(1));
}

// A server that has just started forbids much that it allows a little later.
TEST_F(Source, TakesNoneOfAKindThatItIsRefusedAgainAndAgainIfItCanDoWithout) {
  List(kServicesPath);
  List(kSlicesPath);
  List(kNodesPath);
  for (const int code : {401, 403, 403}) {
    transport_.LastOf(kCidrsPath).Answer(code, StatusText(code, "Forbidden", "no"));
    EXPECT_FALSE(source_.synced());
    clock_.AdvanceToAlarm();
  }
  transport_.LastOf(kCidrsPath).Answer(403, StatusText(403, "Forbidden", "no"));
  EXPECT_TRUE(source_.synced());
  EXPECT_THAT(source_.problems(),
              ElementsAre("cannot watch servicecidrs: needs the verb \"watch\" on servicecidrs in "
                          "networking.k8s.io: 403 Forbidden: no"));
}

TEST_F(Source, WaitsForAKindThatItCannotDoWithout) {
  transport_.LastOf(kSlicesPath).Answer(403, StatusText(403, "Forbidden", "no"));
  List(kServicesPath, ServiceText("web", "1"));
  List(kNodesPath);
  List(kCidrsPath);
  EXPECT_FALSE(source_.synced());
  EXPECT_THAT(store_.services(), IsEmpty());
  clock_.AdvanceToAlarm();
  List(kSlicesPath);
  EXPECT_TRUE(source_.synced());
}

TEST_F(Source, TellsThatWhatWasBrokenIsGone) {
  List(kSlicesPath);
  List(kNodesPath);
  List(kCidrsPath);
  List(kServicesPath, ServiceText("web", "1", R"({"type":"Odd"})"));
  EXPECT_TRUE(source_.has_broken_objects());
  changed_.clear();
  transport_.LastOf(kServicesPath)
      .Bytes(EventText("DELETED", ServiceText("web", "6", R"({"type":"Odd"})")));
  EXPECT_FALSE(source_.has_broken_objects());
  EXPECT_THAT(changed_, ElementsAre("services"));
}

TEST_F(Source, StaysSyncedAndFullWhenTheServerGoes) {
  ListAll();
  for (const char* path : {kServicesPath, kSlicesPath, kNodesPath, kCidrsPath}) {
    transport_.LastOf(path).End(absl::UnavailableError("reset"));
  }
  EXPECT_TRUE(source_.synced());
  EXPECT_THAT(store_.services(), SizeIs(1));
  EXPECT_THAT(store_.SlicesOf({"shop", "web"}), SizeIs(1));
  EXPECT_THAT(source_.problems(), SizeIs(4));
}

TEST(Needs, OfAServiceProxyAreKubeProxys) {
  EXPECT_THAT(NamesOf({.node_name = "n1"}),
              ElementsAre("services", "endpointslices", "nodes", "servicecidrs"));
  const std::vector<Resource> resources = ResourcesFor({.node_name = "n1"});
  EXPECT_EQ(resources[0].Target({}),
            "/api/v1/services?labelSelector=%21service.kubernetes.io%2Fservice-proxy-name&"
            "fieldSelector=spec.clusterIP%21%3DNone");
  EXPECT_EQ(resources[1].Target({{"limit", "500"}, {"continue", ""}}),
            "/apis/discovery.k8s.io/v1/endpointslices?labelSelector="
            "%21service.kubernetes.io%2Fheadless&limit=500");
  EXPECT_EQ(resources[2].Target({}), "/api/v1/nodes?fieldSelector=metadata.name%3Dn1");
  EXPECT_EQ(resources[3].Target({}), "/apis/networking.k8s.io/v1/servicecidrs");
}

TEST(Needs, OfAPodNetworkAreAllNodesAndWhatPoliciesSelect) {
  const Needs needs{.node_name = "n1", .all_nodes = true, .policies = true};
  EXPECT_THAT(NamesOf(needs), ElementsAre("services", "endpointslices", "nodes", "servicecidrs",
                                          "namespaces", "pods", "networkpolicies"));
  EXPECT_EQ(ResourcesFor(needs)[2].Target({}), "/api/v1/nodes");
}

}  // namespace
}  // namespace fairlead::api
