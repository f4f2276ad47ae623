// SPDX-License-Identifier: Apache-2.0
//
// Capabilities: what a runtime may ask for beyond a pod, and what is refused.
#include "cni/runtime_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "cni/call.h"
#include "loader/netlink/scratch_netns.h"

namespace fairlead::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Environment AddEnvironment() {
  return {{"CNI_COMMAND", "ADD"},
          {"CNI_CONTAINERID", "c1"},
          {"CNI_NETNS", "/run/netns/c1"},
          {"CNI_IFNAME", "eth0"}};
}

// What runtimeConfig makes of a pod, or the error that it is.
std::variant<PodRequest, CniError> WithRuntimeConfig(const std::string& config) {
  auto parsed = ParseCall(
      AddEnvironment(), R"({"cniVersion": "1.1.0", "name": "n", "runtimeConfig": )" + config + "}");
  if (auto* error = std::get_if<CniError>(&parsed)) return *error;
  return std::get<CniCall>(parsed).request.pod;
}

TEST(CniCapabilities, PortMappingsAddressesAndMacAreRead) {
  const auto parsed = WithRuntimeConfig(R"({
    "portMappings": [
      {"hostPort": 8080, "containerPort": 80, "protocol": "TCP"},
      {"hostPort": 53, "containerPort": 5353, "protocol": "udp", "hostIP": "192.0.2.1"},
      {"HostPort": 53, "ContainerPort": 5353, "Protocol": "sctp", "HostIP": "::"},
      {"hostPort": 0, "containerPort": 9}],
    "ips": ["10.1.0.7/24", "fd00:1::7"], "mac": "02:00:00:00:00:07",
    "bandwidth": {"ingressRate": 1}})");
  const auto* pod = std::get_if<PodRequest>(&parsed);
  ASSERT_NE(pod, nullptr);
  EXPECT_THAT(
      pod->port_mappings,
      ElementsAre(PortMapping{Protocol::kTcp, 8080, 80, std::nullopt},
                  PortMapping{Protocol::kUdp, 53, 5353, Must(IpAddress::Parse("192.0.2.1"))},
                  PortMapping{Protocol::kSctp, 53, 5353, std::nullopt}));
  EXPECT_EQ(pod->ip4, Must(IpAddress::Parse("10.1.0.7")));
  EXPECT_EQ(pod->ip6, Must(IpAddress::Parse("fd00:1::7")));
  EXPECT_EQ(pod->mac, (MacAddress{2, 0, 0, 0, 0, 7}));
}

struct BadRuntimeConfig {
  const char* name;
  const char* config;
  const char* mentions;
};
void PrintTo(const BadRuntimeConfig& bad, std::ostream* os) { *os << bad.name; }

class CniCapabilitiesRefuse : public ::testing::TestWithParam<BadRuntimeConfig> {};

TEST_P(CniCapabilitiesRefuse, WithCodeSevenAndTheKey) {
  const auto parsed = WithRuntimeConfig(GetParam().config);
  const auto* error = std::get_if<CniError>(&parsed);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->code, CniCode::kInvalidConfiguration);
  EXPECT_THAT(error->details, HasSubstr(GetParam().mentions));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, CniCapabilitiesRefuse,
    ::testing::Values(
        BadRuntimeConfig{"MappingsNoList", R"({"portMappings": {}})", "portMappings"},
        BadRuntimeConfig{"MappingNoObject", R"({"portMappings": [80]})", "80"},
        BadRuntimeConfig{"HostPortTooHigh",
                         R"({"portMappings": [{"hostPort": 65536, "containerPort": 1}]})", "65536"},
        BadRuntimeConfig{"HostPortNegative",
                         R"({"portMappings": [{"hostPort": -1, "containerPort": 1}]})", "-1"},
        BadRuntimeConfig{"NoContainerPort", R"({"portMappings": [{"hostPort": 80}]})", "80"},
        BadRuntimeConfig{
            "UnknownProtocol",
            R"({"portMappings": [{"hostPort": 80, "containerPort": 80, "protocol": "icmp"}]})",
            "protocol"},
        BadRuntimeConfig{
            "HostIpThatIsNone",
            R"({"portMappings": [{"hostPort": 80, "containerPort": 80, "hostIP": "host"}]})",
            "hostIP"},
        BadRuntimeConfig{"SamePortTwice",
                         R"({"portMappings": [{"hostPort": 80, "containerPort": 1},
                                              {"hostPort": 80, "containerPort": 2}]})",
                         "twice"},
        BadRuntimeConfig{"AddressesNoList", R"({"ips": "10.1.0.7"})", "ips"},
        BadRuntimeConfig{"NoAddress", R"({"ips": ["10.1.0.700"]})", "10.1.0.700"},
        BadRuntimeConfig{"TwoOfAFamily", R"({"ips": ["10.1.0.7", "10.1.0.8"]})", "more than one"},
        BadRuntimeConfig{"NoMac", R"({"mac": "02:00"})", "mac"},
        BadRuntimeConfig{"MacOfAGroup", R"({"mac": "01:00:5e:00:00:01"})", "group"},
        BadRuntimeConfig{"MacOfZeroes", R"({"mac": "00:00:00:00:00:00"})", "zero"}),
    [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace fairlead::testing
