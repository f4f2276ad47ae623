// SPDX-License-Identifier: Apache-2.0
//
// The world of the netns tests: a lab of two nodes of its own per test, with
// the real daemons and the real CNI plugin, and words for what the tests do
// with it. Everything runs once per address family.
#ifndef FAIRLEAD_TESTS_NETNS_TWO_NODES_H_
#define FAIRLEAD_TESTS_NETNS_TWO_NODES_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/ip.h"
#include "lab/lab.h"
#include "lab/objects.h"
#include "lab/topology.h"
#include "tests/netns/tcp.h"
#include "tests/netns/udp.h"

namespace fairlead::testing {

constexpr uint16_t kServicePort = 80;
constexpr uint16_t kPodPort = 8080;
constexpr uint64_t kMegabyte = 1 << 20;
// While waiting for a Service to appear: SYNs into the void are given up soon.
// Longer than a SYN's first retransmission.
constexpr int kShortPatienceMilliseconds = 1500;

// Fails the test with the Status' text instead of "false".
#define FL_ASSERT_OK(expr)                                     \
  do {                                                         \
    const absl::Status& fl_result = (expr);                    \
    ASSERT_TRUE(fl_result.ok()) << #expr << ": " << fl_result; \
  } while (false)
#define FL_EXPECT_OK(expr)                                     \
  do {                                                         \
    const absl::Status& fl_result = (expr);                    \
    EXPECT_TRUE(fl_result.ok()) << #expr << ": " << fl_result; \
  } while (false)

// A Service whose addresses end in `number`, for pods labelled app=NAME.
struct TestService {
  std::string name;
  int number = 0;
  std::string protocol = "TCP";

  Endpoint Front(Family family) const;
  std::string Manifest() const;
};

class TwoNodes : public ::testing::TestWithParam<Family> {
 protected:
  virtual bool StartsDaemons() const { return true; }
  // FAIRLEAD_LAB_NETWORK says who plugs pods in (lab/other_network.h): what is promised of
  // Services holds beside other networks, too.
  virtual lab::Fabric LabFabric() const;
  virtual std::vector<std::string> DaemonFlags() const { return {}; }
  void SetUp() override;
  void TearDown() override;

  lab::Lab& lab() { return *lab_; }
  const lab::Node& node(int number) const { return lab_->node(number); }

  // Pods and Services; a failure ends the test program at once, with its reason.
  lab::Pod AddPod(int node, const std::string& name, const std::string& app);
  TestService AddService(const std::string& name, int number, const std::string& protocol = "TCP");

  // Addresses of the family under test.
  IpAddress AddressOf(const lab::Pod& pod) const;
  IpAddress AddressOf(const lab::Node& node) const;
  IpAddress OutsideAddress() const;
  std::string Outside() const;  // its network namespace
  Endpoint On(const lab::Pod& pod) const { return {AddressOf(pod), kPodPort}; }

  // The Node object of node1, with what `change` makes of it.
  void ChangeNode(const std::function<void(lab::Object&)>& change);

  // Lines for `ip -batch`, run in a member of the lab: "node1", "router", "wire".
  void Ip(const std::string& where, const std::string& commands);

  std::unique_ptr<TcpServer> ServeTcp(const lab::Pod& pod) const;
  // What `fairlead drops --all` says there, both families.
  int64_t Counted(const std::string& node, const std::string& hook, const std::string& reason);
  std::unique_ptr<TcpServer> ServeTcpOutside() const;

  // Waits until new connections to `front` reach exactly `servers`; false when
  // that does not come about. Empty: until they are refused.
  bool Settles(const lab::Pod& client, const TestService& service,
               const std::set<std::string>& servers) const;
  // Whom `count` new connections reach; "" stands for a failed one.
  std::multiset<std::string> Reached(const std::string& network_namespace, const Endpoint& front,
                                     int count,
                                     int patience_milliseconds = kPatienceMilliseconds) const;
  // A UDP socket towards a Service that a first answer has come through.
  absl::StatusOr<UdpClient> OpenAnswered(const lab::Pod& client, const TestService& service,
                                         std::string& answer) const;

 private:
  std::unique_ptr<lab::Lab> lab_;
};

// For INSTANTIATE_TEST_SUITE_P: "IPv4", "IPv6".
std::string NameOfFamily(const ::testing::TestParamInfo<Family>& info);

#define FL_BOTH_FAMILIES(suite)                                                                  \
  INSTANTIATE_TEST_SUITE_P(BothFamilies, suite, ::testing::Values(Family::kIpv4, Family::kIpv6), \
                           NameOfFamily)

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_NETNS_TWO_NODES_H_
