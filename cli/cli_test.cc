// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>

#include <cstdlib>

#include "cli/fairlead_fixture.h"
#include "maps/abi/limits_abi.h"

namespace fairlead::cli {
namespace {

class FairleadWithoutPins : public Fairlead {};

TEST_F(FairleadWithoutPins, NamesTheRemedyAndAnswersNo) {
  for (const char* command : {"status", "services", "backends", "pods", "nodes", "flows", "drops",
                              "maps list", "maps dump pods"}) {
    const Answer answer = Run(command);
    EXPECT_EQ(answer.exit_code, 1) << command;
    EXPECT_EQ(answer.out, "") << command;
    EXPECT_EQ(answer.err, fmt::format("fairlead: no fairlead maps below {}/" FL_LAYOUT_VERSION
                                      ": is fairleadd installed on this "
                                      "node, or give --bpffs\n",
                                      pins_.bpffs()));
  }
}

TEST_F(FairleadWithoutPins, TellsUsageErrorsFromAnswers) {
  for (const char* usage :
       {"", "surprise", "services --surprise", "services -o yaml", "maps", "maps dump",
        "maps dump surprise", "flows --pod web", "flows --limit many", "completion fish"}) {
    EXPECT_EQ(Run(usage).exit_code, 2) << usage;
  }
  EXPECT_NE(Run("maps dump surprise").err.find("services4, services6"), std::string::npos);
  for (const char* fine : {"--help", "--version", "services --help", "completion bash"}) {
    EXPECT_EQ(Run(fine).exit_code, 0) << fine;
  }
}

TEST_F(FairleadWithoutPins, WritesACompletionThatBashAccepts) {
  const std::string script = files_.path() + "/completion";
  std::ofstream(script) << Run("completion bash").out;
  EXPECT_EQ(std::system(fmt::format("bash -n {}", script).c_str()), 0);
  const std::string complete = fmt::format(
      "bash -c 'source {}; COMP_WORDS=(fairlead back); COMP_CWORD=1; _fairlead; "
      "test \"${{COMPREPLY[*]}}\" = backends'",
      script);
  EXPECT_EQ(std::system(complete.c_str()), 0);
}

TEST_F(FairleadOnANode, ListsServicesWithTheirBackendsAndWhatNewFlowsMeet) {
  const Json services = Ask("services");
  ASSERT_EQ(services.size(), 6U);
  for (const Family family : kFamilies) {
    const Json web = Find(services, "frontend", Name(Web(family), "tcp"));
    EXPECT_EQ(web["ready"], 1);
    EXPECT_EQ(web["draining"], 1);
    EXPECT_EQ(web["algorithm"], "random");
    EXPECT_EQ(web["new_flows"], "balanced");
    EXPECT_EQ(web["backends"], Json::array({Backend(family).ToString()}));
    EXPECT_EQ(web["family"], static_cast<int>(family));
    const Endpoint gone{Web(family).address, 81}, elsewhere{Web(family).address, 82};
    EXPECT_EQ(Find(services, "frontend", Name(gone, "udp"))["new_flows"], "refused: no endpoints");
    EXPECT_EQ(Find(services, "frontend", Name(gone, "udp"))["algorithm"], "least-connections");
    EXPECT_EQ(Find(services, "frontend", Name(elsewhere, "tcp"))["new_flows"],
              "dropped: none on this node");
  }
  EXPECT_EQ(Find(services, "frontend", "10.96.0.10:80/tcp")["name"], "shop/web:http");
  EXPECT_TRUE(Find(services, "frontend", "[fd00:96::10]:80/tcp")["name"].is_null());
}

TEST_F(FairleadOnANode, ListsBackendsWithTheFlowsThatUseThem) {
  AddFlows();
  const Json backends = Ask("backends");
  ASSERT_EQ(backends.size(), 4U);
  for (const Family family : kFamilies) {
    const Json ready = Find(backends, "endpoint", Backend(family).ToString());
    EXPECT_EQ(ready["state"], "ready");
    EXPECT_EQ(ready["flows"], 1);
    EXPECT_EQ(ready["counted_flows"], 1);
    EXPECT_EQ(ready["weight"], 3);
    EXPECT_EQ(ready["frontends"], Json::array({Name(Web(family), "tcp")}));
    EXPECT_EQ(ready["pod"], "shop/web-1");
  }
  EXPECT_EQ(Find(backends, "endpoint", "10.244.0.3:8081")["state"], "draining");
}

TEST_F(FairleadOnANode, ListsPodsAndNodes) {
  const Json pods = Ask("pods");
  ASSERT_EQ(pods.size(), 1U);
  EXPECT_EQ(pods[0]["name"], "shop/web-1");
  EXPECT_EQ(pods[0]["slot"], 3);
  EXPECT_EQ(pods[0]["mac"], "02:00:00:00:00:03");
  EXPECT_EQ(pods[0]["ip4"], "10.244.0.3");
  EXPECT_EQ(pods[0]["ip6"], "fd00:244::3");

  const Json nodes = Ask("nodes");
  ASSERT_EQ(nodes["nodes"].size(), 1U);
  EXPECT_EQ(nodes["nodes"][0]["next_hop4"], "172.18.0.3");
  EXPECT_EQ(nodes["nodes"][0]["pods"], Json::array({"10.244.1.0/24"}));
  EXPECT_EQ(nodes["uplinks"][0]["masquerade6"], "fd00:18::2");
  EXPECT_EQ(Find(nodes["this_node"], "family", 6)["pod_cidr"], "fd00:244::/64");
  EXPECT_EQ(Find(nodes["prefixes"], "prefix", "10.244.1.0/24")["kind"], "pods of a node");
  EXPECT_EQ(Find(nodes["prefixes"], "prefix", "172.18.0.2/32")["kind"], "this node");
}

TEST_F(FairleadOnANode, ListsFlowsOfBothFamiliesAndFiltersThem) {
  AddFlows();
  const Json flows = Ask("flows");
  ASSERT_EQ(flows.size(), 2U);
  for (const Family family : kFamilies) {
    const Json flow = Find(flows, "client", Client(family).ToString());
    EXPECT_EQ(flow["frontend"], Web(family).ToString());
    EXPECT_EQ(flow["backend"], Backend(family).ToString());
    EXPECT_EQ(flow["state"], "ESTABLISHED");
    EXPECT_EQ(flow["number"], kFlow);
    EXPECT_EQ(flow["exit"], "pod shop/web-1");
    EXPECT_EQ(flow["backend_pod"], "shop/web-1");
    EXPECT_EQ(Ask("flows --pod " + Client(family).address.ToString()).size(), 1U);
    EXPECT_EQ(Ask("flows --service " + Web(family).ToString()).size(), 1U);
  }
  EXPECT_EQ(Ask("flows --protocol udp").size(), 0U);
  EXPECT_EQ(Ask("flows --limit 1").size(), 1U);
  EXPECT_NE(Run("flows --limit 1").out.find("(1 more; --limit 0 prints all)"), std::string::npos);
}

TEST_F(FairleadOnANode, ShowsHalfOpenFlowsWhenAsked) {
  auto half_open = Must(pins_.tables().v4.half_open.Map());
  auto& way = half_open[4].way[2];
  testing::SetLeaves(way.tuple, Client(Family::kIpv4), Web(Family::kIpv4), ip4{});
  testing::SetLeaves(way.reverse, Web(Family::kIpv4), NodePort(Family::kIpv4), ip4{});
  way.tuple.protocol = way.reverse.protocol = 17;
  way.backend = BACKEND_NONE;
  way.stamp = Must(clock_->Now()) | 1;
  EXPECT_EQ(Ask("flows").size(), 0U);
  const Json flows = Ask("flows --half-open");
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_EQ(flows[0]["state"], "HALF_OPEN");
  EXPECT_EQ(flows[0]["masqueraded_as"], NodePort(Family::kIpv4).ToString());
  EXPECT_TRUE(flows[0]["backend"].is_null());
  EXPECT_TRUE(flows[0]["number"].is_null());
}

TEST_F(FairleadOnANode, CountsDropsByReasonHookAndFamily) {
  EXPECT_EQ(Ask("drops").size(), 0U);
  EXPECT_EQ(Run("drops").out, "no packet has been dropped\n");
  const auto count = [this](uint32_t index, uint64_t packets) {
    std::vector<counter> cpus(static_cast<size_t>(libbpf_num_possible_cpus()),
                              counter{packets, packets * 100});
    const int fd = pins_.maps().Get("counters").fd();
    ASSERT_EQ(bpf_map_update_elem(fd, &index, cpus.data(), BPF_ANY), 0);
  };
  count(FL_COUNTER_INDEX(HOOK_FROM_POD, 6, DROP_NO_BACKEND), 2);
  count(FL_COUNTER_INDEX(HOOK_FROM_NETWORK, 4, VERDICT_TO_POD), 5);
  const auto cpus = static_cast<uint64_t>(libbpf_num_possible_cpus());
  const Json drops = Ask("drops");
  ASSERT_EQ(drops.size(), 1U);
  EXPECT_EQ(drops[0]["reason"], "NO_BACKEND");
  EXPECT_EQ(drops[0]["hook"], "from_pod");
  EXPECT_EQ(drops[0]["family"], 6);
  EXPECT_EQ(drops[0]["packets"], 2 * cpus);
  EXPECT_EQ(drops[0]["bytes"], 200 * cpus);
  EXPECT_EQ(drops[0]["meaning"], "service has no endpoints");
  EXPECT_EQ(Ask("drops --all").size(), 2U);
}

TEST_F(FairleadOnANode, ListsAndDumpsEveryMap) {
  AddFlows();
  const Json maps = Ask("maps list");
  ASSERT_EQ(maps.size(), MapNames().size());
  EXPECT_EQ(Find(maps, "name", "flows6")["used"], 1);
  EXPECT_EQ(Find(maps, "name", "flows6")["max"], 64);
  EXPECT_EQ(Find(maps, "name", "services4")["used"], 3);
  EXPECT_EQ(Find(maps, "name", "half_open4")["max"], 64);
  for (const Json& map : maps) {
    // A trie takes its memory entry by entry.
    const bool may_be_empty = map["type"] == "lpm_trie" && map["used"] == 0;
    EXPECT_TRUE(may_be_empty || map["memory_bytes"] > 0) << map;
    EXPECT_NE(map["purpose"], "") << map;
    Ask("maps dump " + map["name"].get<std::string>());
    EXPECT_EQ(Run("maps dump --all " + map["name"].get<std::string>()).exit_code, 0) << map;
  }
  const Json services = Ask("maps dump services6");
  EXPECT_EQ(Find(services, "key", "[fd00:96::10]:80/tcp")["value"]["count"], 1);
  EXPECT_EQ(Find(Ask("maps dump flows4"), "key", kFlow)["value"]["origin"]["packets"], 12);
  EXPECT_EQ(Find(Ask("maps dump prefixes4"), "key", "10.244.1.0/24")["value"]["kind"], "peer_pods");
  EXPECT_EQ(Find(Ask("maps dump pods"), "key", 3)["value"]["mac"], "02:00:00:00:00:03");
}

}  // namespace
}  // namespace fairlead::cli
