// SPDX-License-Identifier: Apache-2.0
//
// Contract A8.37 and A8.38: on which addresses of a node its NodePorts are
// served, also when addresses come and go.
//
//   outside ──▶ node1's InternalIP:30080, or another address of node1:30080
#include <cerrno>
#include <csignal>
#include <optional>

#include "lab/network_namespace.h"
#include "tests/netns/two_nodes.h"

namespace fairlead::testing {
namespace {

constexpr uint16_t kNodePort = 30080;

class NodePortAddresses : public TwoNodes {
 protected:
  void SetUp() override {
    TwoNodes::SetUp();
    if (HasFatalFailure()) return;
    web_ = AddPod(1, "web", "web");
    serving_ = ServeTcp(*web_);
    FL_ASSERT_OK(lab().WriteManifest(
        "web.json",
        lab::ToText({{"apiVersion", "v1"},
                     {"kind", "Service"},
                     {"metadata", {{"name", "web"}, {"namespace", "default"}}},
                     {"spec",
                      {{"type", "NodePort"},
                       {"clusterIP", "10.96.0.80"},
                       {"clusterIPs", lab::Object::array({"10.96.0.80", "fd00:96::80"})},
                       {"ipFamilies", lab::Object::array({"IPv4", "IPv6"})},
                       {"ipFamilyPolicy", "RequireDualStack"},
                       {"selector", {{"app", "web"}}},
                       {"ports", lab::Object::array({{{"protocol", "TCP"},
                                                      {"port", kServicePort},
                                                      {"nodePort", kNodePort},
                                                      {"targetPort", kPodPort}}})}}}})));
  }
  void TearDown() override {
    serving_.reset();
    TwoNodes::TearDown();
  }

  Endpoint Primary() const { return {AddressOf(node(1)), kNodePort}; }
  Endpoint Second() const {
    return {*IpAddress::Parse(GetParam() == Family::kIpv4 ? "172.31.0.200" : "fd00:31::200"),
            kNodePort};
  }
  Endpoint Loopback() const {
    return {*IpAddress::Parse(GetParam() == Family::kIpv4 ? "127.0.0.1" : "::1"), kNodePort};
  }

  // node1's second address, beside the Node object's.
  void ChangeAddress(const std::string& verb) {
    std::vector<std::string> argv = {
        "ip",  "address",
        verb,  Second().address.ToString() + (GetParam() == Family::kIpv4 ? "/24" : "/64"),
        "dev", "eth0"};
    if (GetParam() == Family::kIpv6 && verb == "add") argv.emplace_back("nodad");
    const auto ran = lab().Run("node1", argv, std::chrono::seconds(10));
    ASSERT_TRUE(ran.ok() && ran->exit_code == 0) << ran.status();
  }

  int Connects(const std::string& where, const Endpoint& front) {
    return ConnectError(lab::NamespaceName(lab().folder().lab(), where), front,
                        kShortPatienceMilliseconds);
  }
  bool BecomesServed(const std::string& where, const Endpoint& front) {
    return lab::WaitUntil([&] { return Connects(where, front) == 0; }, std::chrono::seconds(20));
  }
  // The host's stack answers: nobody listens there.
  bool BecomesRefused(const std::string& where, const Endpoint& front) {
    return lab::WaitUntil([&] { return Connects(where, front) == ECONNREFUSED; },
                          std::chrono::seconds(20));
  }

  std::optional<lab::Pod> web_;
  std::unique_ptr<TcpServer> serving_;
};

TEST_P(NodePortAddresses, A8_37_by_default_only_the_primary_address_is_served) {
  ChangeAddress("add");
  EXPECT_TRUE(BecomesServed("outside", Primary()));
  EXPECT_TRUE(BecomesRefused("outside", Second()));
  EXPECT_TRUE(BecomesRefused("node1", Loopback()));
}

class NodePortsWithoutNode : public NodePortAddresses {
 protected:
  // What is said of node1; node2 is as it was.
  void Say(const std::vector<lab::Object>& of_node1) {
    std::vector<lab::Object> objects = of_node1;
    objects.push_back(lab::MakeNode("node2", {node(2).ipv4(), node(2).ipv6()},
                                    {"10.244.2.0/24", "fd00:10:244:2::/64"}));
    FL_ASSERT_OK(lab().WriteManifest("lab-nodes.json", lab::ToText(lab::MakeList(objects))));
  }
  bool MissesItsNode() {
    return lab::WaitUntil(
        [&] {
          const auto status = lab().Run("node1", {"fairlead", "status"}, std::chrono::seconds(20));
          return status.ok() && status->out.find("has no Node object") != std::string::npos;
        },
        std::chrono::seconds(20));
  }
};

TEST_P(NodePortsWithoutNode, A8_37_stay_when_it_is_deleted_also_over_a_restart) {
  ASSERT_TRUE(BecomesServed("outside", Primary()));
  Say({});
  ASSERT_TRUE(MissesItsNode());
  EXPECT_EQ(Connects("outside", Primary()), 0);
  FL_ASSERT_OK(lab().RestartDaemon(node(1), SIGKILL));
  ASSERT_TRUE(MissesItsNode());
  EXPECT_EQ(Connects("outside", Primary()), 0);
}

TEST_P(NodePortsWithoutNode, A8_37_stay_when_it_is_broken_during_a_restart) {
  ASSERT_TRUE(BecomesServed("outside", Primary()));
  lab::Object broken = lab::MakeNode("node1", {node(1).ipv4(), node(1).ipv6()}, {""});
  broken["metadata"]["annotations"]["fairlead.dev/pod-cidrs"] = "10.99.1.0/240";
  Say({broken});
  FL_ASSERT_OK(lab().RestartDaemon(node(1), SIGKILL));
  ASSERT_TRUE(MissesItsNode());
  EXPECT_EQ(Connects("outside", Primary()), 0);
}

class AllNodePortAddresses : public NodePortAddresses {
  std::vector<std::string> DaemonFlags() const override { return {"--nodeport-addresses", "all"}; }
};

TEST_P(AllNodePortAddresses, A8_37_all_is_every_address_that_the_node_has_now) {
  EXPECT_TRUE(BecomesServed("outside", Primary()));
  ChangeAddress("add");
  EXPECT_TRUE(BecomesServed("outside", Second()));
  EXPECT_TRUE(BecomesServed("node1", Loopback()));
}

class NodePortAddressesInABlock : public NodePortAddresses {
  std::vector<std::string> DaemonFlags() const override {
    return {"--nodeport-addresses", "172.31.0.128/25,fd00:31::200/120"};
  }
};

TEST_P(NodePortAddressesInABlock, A8_37_addresses_in_it_come_and_go) {
  ChangeAddress("add");
  EXPECT_TRUE(BecomesServed("outside", Second()));
  EXPECT_TRUE(BecomesRefused("outside", Primary()));
  ChangeAddress("delete");
  ChangeAddress("add");
  EXPECT_TRUE(BecomesServed("outside", Second()));
}

class NodePortsOnLocalhost : public NodePortAddresses {
  std::vector<std::string> DaemonFlags() const override {
    return {"--nodeport-addresses", "primary,localhost"};
  }
};

TEST_P(NodePortsOnLocalhost, A8_38_processes_of_the_node_reach_them_on_its_loopback) {
  EXPECT_TRUE(BecomesServed("outside", Primary()));
  EXPECT_TRUE(BecomesServed("node1", Loopback()));
}

FL_BOTH_FAMILIES(NodePortAddresses);
FL_BOTH_FAMILIES(NodePortsWithoutNode);
FL_BOTH_FAMILIES(AllNodePortAddresses);
FL_BOTH_FAMILIES(NodePortAddressesInABlock);
FL_BOTH_FAMILIES(NodePortsOnLocalhost);

}  // namespace
}  // namespace fairlead::testing
