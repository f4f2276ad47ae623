// SPDX-License-Identifier: Apache-2.0
//
// For tests: the program itself, run on the pins of a node that no daemon looks
// after:
//
//   loader/apply ──▶ maps, pinned in a scratch bpffs ──▶ fairlead -o json
#ifndef FAIRLEAD_CLI_FAIRLEAD_FIXTURE_H_
#define FAIRLEAD_CLI_FAIRLEAD_FIXTURE_H_

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <fstream>
#include <optional>
#include <string>

#include "cli/print_table.h"
#include "cli/sample_flow.h"
#include "cli/scratch_pins.h"
#include "loader/apply/node_tables.h"
#include "loader/apply/pod_table.h"
#include "loader/apply/service_tables.h"
#include "loader/kernel/clock.h"

namespace fairlead::cli {

using testing::Backend;
using testing::Client;
using testing::Must;
using testing::MustOk;
using testing::NodePort;
using testing::SampleFlow;
using testing::Web;

struct Answer {
  int exit_code = -1;
  std::string out;  // standard output
  std::string err;

  Json json() const { return Json::parse(out, nullptr, /*allow_exceptions=*/false); }
};

class Fairlead : public ::testing::Test {
 protected:
  Answer Run(const std::string& arguments) {
    const std::string errors = files_.path() + "/errors";
    const std::string command =
        fmt::format("FAIRLEAD_BPFFS={} FAIRLEAD_NAMES={} {} {} 2>{}", pins_.bpffs(), names_file(),
                    FAIRLEAD_PROGRAM, arguments, errors);
    Answer answer;
    FILE* pipe = popen(command.c_str(), "r");
    EXPECT_NE(pipe, nullptr);
    char block[4096];
    for (size_t got = 0; (got = fread(block, 1, sizeof(block), pipe)) > 0;) {
      answer.out.append(block, got);
    }
    const int status = pclose(pipe);
    answer.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    std::ifstream in(errors);
    answer.err.assign(std::istreambuf_iterator<char>(in), {});
    return answer;
  }

  // Runs it on a node that can answer.
  Json Ask(const std::string& arguments) {
    const Answer answer = Run(arguments + " -o json");
    EXPECT_EQ(answer.exit_code, 0) << arguments << ": " << answer.err;
    const Json json = answer.json();
    EXPECT_FALSE(json.is_discarded()) << arguments << ": " << answer.out;
    return json;
  }

  std::string names_file() const { return files_.path() + "/names.json"; }

  testing::ScratchNetns netns_;
  testing::ScratchPins pins_;
  testing::ScratchDirectory files_;
};

// Services, pods, nodes and flows of both families, as the daemon writes them.
class FairleadOnANode : public Fairlead {
 protected:
  static constexpr Family kFamilies[] = {Family::kIpv4, Family::kIpv6};
  static constexpr uint32_t kFlow = 9;

  void SetUp() override {
    pins_.MakeMaps();
    MustOk(Must(apply::ServiceTables::Adopt(pins_.tables())).Apply(Services()));
    apply::PodTable pods(pins_.tables());
    MustOk(pods.Put({.slot = 3,
                     .ifindex = FL_POD_IFINDEX_BASE + 3,
                     .mac = {2, 0, 0, 0, 0, 3},
                     .ip4 = Backend(Family::kIpv4).address,
                     .ip6 = Backend(Family::kIpv6).address}));
    MustOk(Must(apply::NodeTables::Adopt(pins_.tables())).Apply(Nodes()));
    clock_.emplace(Must(FlowClock::Load()));
    MustOk(clock_->Pin(pins_.pins() + "/read_clock"));
    std::ofstream(names_file()) << R"({"services": {"4": {"10.96.0.10:80/tcp": "shop/web:http"}},
                                       "pods": {"3": "shop/web-1"}})";
  }

  static plan::ServicePlan Services() {
    plan::ServicePlan plan;
    for (const Family family : kFamilies) {
      plan::PlannedService web, gone, elsewhere;
      web.backends.resize(2);
      web.backends[0].endpoint = web.backends[1].endpoint = Backend(family);
      web.backends[0].in_cluster = true;
      web.backends[0].weight = 3;
      gone.algorithm = plan::Algorithm::kLeastConnections;
      web.backends[1].endpoint.port += 1;
      web.frontends = {{.address = {Web(family).address, 80, Protocol::kTcp}}};
      gone.frontends = {{.address = {Web(family).address, 81, Protocol::kUdp}}};
      elsewhere.frontends = {{.address = {Web(family).address, 82, Protocol::kTcp},
                              .kind = plan::FrontendKind::kLoadBalancer,
                              .outside = plan::EndpointSet::kLocal}};
      elsewhere.usable_somewhere = true;
      const auto add = [&](const char* name, const plan::PlannedService& service) {
        plan::AddService({.owner = {kube::Kind::kService, {"shop", name}},
                          .port_name = "",
                          .protocol = service.frontends[0].address.protocol,
                          .family = family},
                         service, "", plan);
      };
      add("web", web);
      add("gone", gone);
      add("elsewhere", elsewhere);
    }
    return plan;
  }

  static apply::NodeFacts Nodes() {
    apply::NodeFacts facts;
    plan::OwnNode own;
    own.name = "node1";
    own.pod_cidrs = {*Cidr::Parse("10.244.0.0/24"), *Cidr::Parse("fd00:244::/64")};
    own.addresses = {*IpAddress::Parse("172.18.0.2"), *IpAddress::Parse("fd00:18::2")};
    facts.plan.own = own;
    facts.plan.peers = {{.name = "node2",
                         .pod_cidrs = {*Cidr::Parse("10.244.1.0/24")},
                         .ip4 = *IpAddress::Parse("172.18.0.3"),
                         .ip6 = std::nullopt}};
    facts.local_addresses = {*own.addresses.ip4, *own.addresses.ip6};
    facts.uplinks = {{.ifindex = 1, .ip4 = own.addresses.ip4, .ip6 = own.addresses.ip6}};
    facts.link_to = [](const IpAddress&) { return 1U; };
    return facts;
  }

  // The number of the only ready backend, as the run says.
  template <typename Abi>
  uint32_t ReadyBackend() {
    const FamilyTables<Abi>& tables = pins_.tables().of<Abi>();
    for (uint32_t number = 0; number < tables.backends.size(); ++number) {
      if ((tables.backends[number].state & BACKEND_IN_CLUSTER) != 0) return number;
    }
    ADD_FAILURE() << "no backend is ready";
    return 0;
  }

  template <typename Abi>
  void AddFlow() {
    FamilyTables<Abi>& tables = pins_.tables().of<Abi>();
    constexpr Family kFamily = Abi::kFamily;
    typename Abi::Flow flow = SampleFlow<Abi>(Client(kFamily), Web(kFamily), Client(kFamily),
                                              Backend(kFamily), Must(clock_->Now()));
    auto& origin = flow.side[SIDE_ORIGIN];
    origin.backend = ReadyBackend<Abi>();
    origin.backend_generation = tables.backends[origin.backend].generation;
    tables.flows[kFlow] = flow;
    tables.backend_flows[origin.backend] = 1;
  }

  void AddFlows() {
    AddFlow<Abi4>();
    AddFlow<Abi6>();
  }

  static Json Find(const Json& rows, const char* key, const Json& value) {
    for (const Json& row : rows) {
      if (row.value(key, Json()) == value) return row;
    }
    ADD_FAILURE() << "no row with " << key << "=" << value << " in " << rows.dump(1);
    return {};
  }

  static std::string Name(const Endpoint& endpoint, const char* protocol) {
    return fmt::format("{}/{}", endpoint.ToString(), protocol);
  }

  std::optional<FlowClock> clock_;
};

}  // namespace fairlead::cli

#endif  // FAIRLEAD_CLI_FAIRLEAD_FIXTURE_H_
