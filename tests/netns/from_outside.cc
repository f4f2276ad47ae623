// SPDX-License-Identifier: Apache-2.0
#include "tests/netns/from_outside.h"

#include <fmt/format.h>

#include "tests/netns/datagrams.h"

namespace fairlead::testing {

Endpoint FromOutside::Vip() const {
  return {*IpAddress::Parse(GetParam() == Family::kIpv4 ? "192.0.2.1" : "2001:db8:2::1"),
          kServicePort};
}

void FromOutside::RouteVip() {
  Ip("router",
     fmt::format("route add {} via {}\n", Vip().address.ToString(), AddressOf(node(1)).ToString()));
}

void FromOutside::Serve(const Endpoint& backend, const std::string& on_node, const Ways& ways) {
  const bool is_v4 = GetParam() == Family::kIpv4;
  const std::string vip = is_v4 ? "10.96.0.80" : "fd00:96::80";
  const lab::Object service = {
      {"apiVersion", "v1"},
      {"kind", "Service"},
      {"metadata", {{"name", "web"}, {"namespace", "default"}}},
      {"spec",
       {{"type", "NodePort"},
        {"clusterIP", vip},
        {"clusterIPs", {vip}},
        {"externalIPs", {Vip().address.ToString()}},
        {"externalTrafficPolicy", ways.local_only ? "Local" : "Cluster"},
        {"ports",
         lab::Object::array(
             {{{"protocol", ways.protocol}, {"port", kServicePort}, {"nodePort", kNodePort}}})}}}};
  const lab::Object slice = {
      {"apiVersion", "discovery.k8s.io/v1"},
      {"kind", "EndpointSlice"},
      {"metadata",
       {{"name", "web-1"},
        {"namespace", "default"},
        {"labels", {{"kubernetes.io/service-name", "web"}}}}},
      {"addressType", is_v4 ? "IPv4" : "IPv6"},
      {"endpoints", lab::Object::array({{{"addresses", {backend.address.ToString()}},
                                         {"conditions", {{"ready", ways.ready}}},
                                         {"nodeName", on_node}}})},
      {"ports",
       lab::Object::array({{{"name", ""}, {"protocol", ways.protocol}, {"port", backend.port}}})}};
  FL_ASSERT_OK(lab().WriteManifest(
      "web.json",
      lab::Object{
          {"apiVersion", "v1"}, {"kind", "List"}, {"items", lab::Object::array({service, slice})}}
          .dump()));
}

void FromOutside::ExpectReached(const Endpoint& door, const std::string& server,
                                const IpAddress& seen_as) {
  absl::StatusOr<TcpClient> client = absl::UnavailableError("never tried");
  EXPECT_TRUE(lab::WaitUntil(
      [&] {
        client = TcpClient::Open(Outside(), door, kShortPatienceMilliseconds);
        // A node that learned of a change before the other passes the connection on.
        return client.ok() && client->server() == server && client->seen_as() == seen_as;
      },
      std::chrono::seconds(20)))
      << door << ": " << client.status();
  if (!client.ok()) return;
  EXPECT_EQ(client->server(), server);
  EXPECT_EQ(client->seen_as(), seen_as);
  FL_EXPECT_OK(client->Download(kMegabyte));
  client = TcpClient::Open(Outside(), door);
  FL_ASSERT_OK(client.status());
  FL_EXPECT_OK(client->Upload(kMegabyte));
}

void FromOutside::ExpectEchoed(const Endpoint& door, size_t bytes) {
  absl::Status echoed = absl::UnavailableError("never tried");
  EXPECT_TRUE(lab::WaitUntil(
      [&] {
        int error = 0;
        const UniqueFd socket =
            Connect(Outside(), SOCK_DGRAM, door, error, kShortPatienceMilliseconds);
        if (error == 0) echoed = Exchange(socket, bytes);
        return echoed.ok();
      },
      std::chrono::seconds(20)))
      << bytes << " bytes by " << door << ": " << echoed;
}

}  // namespace fairlead::testing
