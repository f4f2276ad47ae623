// SPDX-License-Identifier: Apache-2.0
//
// See two_nodes.h.
#include "tests/netns/two_nodes.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>

#include "lab/network_namespace.h"
#include "lab/process.h"
#include "lab/teardown.h"

namespace fairlead::testing {
namespace {

template <typename T>
T OrDie(absl::StatusOr<T> value, const char* what) {
  if (value.ok()) return *std::move(value);
  fmt::print(stderr, "{}: {}\n", what, value.status().ToString());
  std::abort();
}

// Unique among everything that runs at the same time on this machine.
std::string LabNameOfThisTest() {
  std::string name = fmt::format("t{}", ::getpid());
  for (const char c :
       std::string(::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 && name.size() < 32) {
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return name;
}

}  // namespace

Endpoint TestService::Front(Family family) const {
  const std::string address = family == Family::kIpv4 ? fmt::format("10.96.0.{}", number)
                                                      : fmt::format("fd00:96::{}", number);
  return {OrDie(IpAddress::Parse(address), "service address"), kServicePort};
}

std::string TestService::Manifest() const {
  const std::string ipv4 = Front(Family::kIpv4).address.ToString();
  const std::string ipv6 = Front(Family::kIpv6).address.ToString();
  return lab::ToText({{"apiVersion", "v1"},
                      {"kind", "Service"},
                      {"metadata", {{"name", name}, {"namespace", "default"}}},
                      {"spec",
                       {{"clusterIP", ipv4},
                        {"clusterIPs", lab::Object::array({ipv4, ipv6})},
                        {"ipFamilies", lab::Object::array({"IPv4", "IPv6"})},
                        {"ipFamilyPolicy", "RequireDualStack"},
                        {"selector", {{"app", name}}},
                        {"ports", lab::Object::array({{{"name", "main"},
                                                       {"protocol", protocol},
                                                       {"port", kServicePort},
                                                       {"targetPort", kPodPort}}})}}}});
}

lab::Fabric TwoNodes::LabFabric() const {
  lab::Fabric fabric;
  if (const char* network = std::getenv("FAIRLEAD_LAB_NETWORK"); network != nullptr) {
    fabric.network = network;
  }
  return fabric;
}

void TwoNodes::SetUp() {
  FL_ASSERT_OK(lab::RemoveAbandonedLabs());
  auto lab = lab::Lab::Up({.name = LabNameOfThisTest(),
                           .nodes = 2,
                           .fabric = LabFabric(),
                           .daemon_flags = DaemonFlags(),
                           .start_daemons = StartsDaemons()});
  FL_ASSERT_OK(lab.status());
  lab_ = *std::move(lab);
}

void TwoNodes::TearDown() {
  if (lab_ == nullptr) return;
  if (HasFailure()) {
    for (const lab::Node& node : lab_->nodes()) {
      fmt::print(stderr, "--- log of {}\n{}", node.name(), lab::Tail(node.log_file(), 30));
    }
  }
  FL_EXPECT_OK(lab_->Down());
  EXPECT_THAT(lab::NamespacesWithPrefix(lab::NamespacePrefix(lab_->folder().lab())),
              ::testing::IsEmpty());
}

lab::Pod TwoNodes::AddPod(int node, const std::string& name, const std::string& app) {
  return OrDie(lab_->AddPod(lab::NodeName(node), name, {{"app", app}}), "add a pod");
}

TestService TwoNodes::AddService(const std::string& name, int number, const std::string& protocol) {
  const TestService service{name, number, protocol};
  const absl::Status written = lab_->WriteManifest(name + ".json", service.Manifest());
  EXPECT_TRUE(written.ok()) << written;
  return service;
}

IpAddress TwoNodes::AddressOf(const lab::Pod& pod) const {
  return OrDie(IpAddress::Parse(GetParam() == Family::kIpv4 ? pod.ipv4() : pod.ipv6()),
               "address of a pod");
}

IpAddress TwoNodes::AddressOf(const lab::Node& node) const {
  return OrDie(IpAddress::Parse(GetParam() == Family::kIpv4 ? node.ipv4() : node.ipv6()),
               "address of a node");
}

IpAddress TwoNodes::OutsideAddress() const {
  return OrDie(
      IpAddress::Parse(GetParam() == Family::kIpv4 ? lab::kOutsideIpv4 : lab::kOutsideIpv6),
      "address of the outside");
}

std::unique_ptr<TcpServer> TwoNodes::ServeTcp(const lab::Pod& pod) const {
  return std::make_unique<TcpServer>(pod.name(), pod.network_namespace(), On(pod));
}

int64_t TwoNodes::Counted(const std::string& node, const std::string& hook,
                          const std::string& reason) {
  const auto shown =
      lab().Run(node, {"fairlead", "drops", "--all", "-o", "json"}, std::chrono::seconds(10));
  int64_t packets = 0;
  for (const auto& row : lab::Object::parse(shown.ok() ? shown->out : "[]")) {
    if (row["reason"] == reason && row["hook"] == hook) packets += row["packets"].get<int64_t>();
  }
  return packets;
}

std::string TwoNodes::Outside() const {
  return lab::NamespaceName(lab_->folder().lab(), "outside");
}

void TwoNodes::ChangeNode(const std::function<void(lab::Object&)>& change) {
  const auto objects = lab::ReadObjects(lab().folder().manifests(), lab::BrokenFiles::kLeaveOut);
  FL_ASSERT_OK(objects.status());
  for (lab::Object object : *objects) {
    if (lab::KindOf(object) != "Node" || lab::NameOf(object) != "node1") continue;
    change(object);
    // Of two files that have an object, the first by name counts.
    FL_ASSERT_OK(lab().WriteManifest("a-node.json", lab::ToText(object)));
    return;
  }
  FAIL() << "no node1";
}

void TwoNodes::Ip(const std::string& where, const std::string& commands) {
  const absl::StatusOr<lab::Finished> done =
      lab::Run({.argv = {"ip", "-batch", "-"},
                .network_namespace = lab::NamespaceName(lab().folder().lab(), where),
                .input = commands},
               std::chrono::seconds(20));
  FL_ASSERT_OK(done.status());
  ASSERT_EQ(done->exit_code, 0) << done->err;
}

std::unique_ptr<TcpServer> TwoNodes::ServeTcpOutside() const {
  return std::make_unique<TcpServer>("outside", Outside(), Endpoint{OutsideAddress(), kPodPort});
}

bool TwoNodes::Settles(const lab::Pod& client, const TestService& service,
                       const std::set<std::string>& servers) const {
  const Endpoint front = service.Front(GetParam());
  const auto as_wanted = [&] {
    if (servers.empty()) {
      return ConnectError(client.network_namespace(), front, kShortPatienceMilliseconds) ==
             ECONNREFUSED;
    }
    // Sixteen for each: with two of them, one is missed once in 65 536 looks.
    const auto reached = Reached(client.network_namespace(), front,
                                 16 * static_cast<int>(servers.size()), kShortPatienceMilliseconds);
    return std::set<std::string>(reached.begin(), reached.end()) == servers;
  };
  return lab::WaitUntil(as_wanted, std::chrono::seconds(20));
}

std::multiset<std::string> TwoNodes::Reached(const std::string& network_namespace,
                                             const Endpoint& front, int count,
                                             int patience_milliseconds) const {
  std::multiset<std::string> servers;
  for (int i = 0; i < count; ++i) {
    const auto client = TcpClient::Open(network_namespace, front, patience_milliseconds);
    servers.insert(client.ok() ? client->server() : "");
  }
  return servers;
}

absl::StatusOr<UdpClient> TwoNodes::OpenAnswered(const lab::Pod& client, const TestService& service,
                                                 std::string& answer) const {
  absl::StatusOr<UdpClient> socket =
      absl::DeadlineExceededError("no answer from service " + service.name);
  lab::WaitUntil(
      [&] {
        auto attempt = UdpClient::Open(client.network_namespace(), service.Front(GetParam()),
                                       kShortPatienceMilliseconds);
        if (!attempt.ok() || attempt->Ask(answer) != 0) return false;
        socket = std::move(attempt);
        return true;
      },
      std::chrono::seconds(20));
  return socket;
}

std::string NameOfFamily(const ::testing::TestParamInfo<Family>& info) {
  return FamilyName(info.param);
}

}  // namespace fairlead::testing
