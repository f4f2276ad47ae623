// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/host_client.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>

#include "lab/clock.h"
#include "lab/network_namespace.h"
#include "lab/objects.h"

namespace fairlead::testing {
LooseSocket::LooseSocket(const std::string& network_namespace, int domain) : domain_(domain) {
  const absl::Status made = lab::InNamespace(network_namespace, [&] {
    fd_ = UniqueFd(::socket(domain, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return absl::OkStatus();
  });
  if (!made.ok() || !fd_.ok()) std::abort();
}

SocketAddress LooseSocket::AddressFor(const Endpoint& to) const {
  const bool mapped = domain_ == AF_INET6 && to.address.family() == Family::kIpv4;
  return SocketAddress({mapped ? to.address.AsMapped() : to.address, to.port});
}

int LooseSocket::Connect(const Endpoint& to) const {
  SocketAddress address = AddressFor(to);
  return ::connect(fd_.get(), address.get(), address.size) == 0 ? 0 : errno;
}

DatagramAnswer LooseSocket::Ask(const Endpoint& to, int patience_milliseconds) const {
  SocketAddress address = AddressFor(to);
  const timeval patience = {.tv_sec = patience_milliseconds / 1000,
                            .tv_usec = (patience_milliseconds % 1000) * 1000L};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  DatagramAnswer answer;
  if (::sendto(fd_.get(), "who?", 4, MSG_NOSIGNAL, address.get(), address.size) < 0) {
    answer.error = errno;
    return answer;
  }
  char buffer[2048];
  SocketAddress from;
  const ssize_t got = ::recvfrom(fd_.get(), buffer, sizeof(buffer), 0, from.get(), &from.size);
  if (got < 0) {
    answer.error = errno;
    return answer;
  }
  answer.text.assign(buffer, static_cast<size_t>(got));
  answer.from = from.ToEndpoint();
  return answer;
}

void HostClient::PutService(const std::string& name,
                            const std::function<void(lab::Object&)>& change) {
  lab::Object service = lab::Object::parse(TestService{name, 60}.Manifest());
  lab::Object& spec = service["spec"];
  spec["type"] = "LoadBalancer";
  spec["externalIPs"] = {"203.0.113.250", "2001:db8:113::250"};
  spec["ports"][0]["nodePort"] = kNodePort;
  spec["ports"].push_back({{"name", "datagrams"},
                           {"protocol", "UDP"},
                           {"port", kServicePort},
                           {"targetPort", kPodPort},
                           {"nodePort", kNodePort}});
  service["status"]["loadBalancer"]["ingress"] =
      lab::Object::array({{{"ip", "192.0.2.80"}}, {{"ip", "2001:db8:2::80"}}});
  if (change) change(service);
  FL_ASSERT_OK(lab().WriteManifest(name + ".json", lab::ToText(service)));
}

void HostClient::PutServiceByHand(const std::string& name,
                                  const std::function<void(lab::Object&)>& change) {
  PutService(name, [&](lab::Object& service) {
    service["spec"].erase("selector");
    if (change) change(service);
  });
}

lab::Object HostClient::EndpointAt(const IpAddress& address, const std::string& on_node,
                                   const lab::Object& more) {
  lab::Object endpoint = {{"addresses", {address.ToString()}}, {"nodeName", on_node}};
  endpoint.update(more);
  return endpoint;
}

void HostClient::PutSlice(const std::string& service, const std::vector<lab::Object>& endpoints,
                          const std::function<void(lab::Object&)>& change) {
  lab::Object slice = {
      {"apiVersion", "discovery.k8s.io/v1"},
      {"kind", "EndpointSlice"},
      {"metadata",
       {{"name", service + "-1"},
        {"namespace", "default"},
        {"labels", {{"kubernetes.io/service-name", service}}}}},
      {"addressType", FamilyName(GetParam())},
      {"ports",
       lab::Object::array({{{"name", "main"}, {"protocol", "TCP"}, {"port", kPodPort}},
                           {{"name", "datagrams"}, {"protocol", "UDP"}, {"port", kPodPort}}})},
      {"endpoints", endpoints}};
  if (change) change(slice);
  FL_ASSERT_OK(
      lab().WriteManifest(fmt::format("slice-{}.json", lab::NameOf(slice)), lab::ToText(slice)));
}

void HostClient::Serve(const lab::Pod& pod) {
  tcp_servers_.push_back(ServeTcp(pod));
  udp_servers_.push_back(std::make_unique<UdpServer>(pod.name(), pod.network_namespace(), On(pod)));
}

Endpoint HostClient::Of(const char* ipv4, const char* ipv6, uint16_t port) const {
  return {*IpAddress::Parse(GetParam() == Family::kIpv4 ? ipv4 : ipv6), port};
}

int HostClient::Domain() const { return GetParam() == Family::kIpv4 ? AF_INET : AF_INET6; }

bool HostClient::Comes(const std::function<bool()>& condition) const {
  return lab::WaitUntil(condition, std::chrono::seconds(20));
}

std::string HostClient::TcpServerOf(const std::string& client, const Endpoint& front) const {
  const auto connection = TcpClient::Open(client, front, kShortPatienceMilliseconds);
  return connection.ok() ? connection->server() : "";
}

std::string HostClient::UdpServerOf(const std::string& client, const Endpoint& front) const {
  const DatagramAnswer answer =
      LooseSocket(client, Domain()).Ask(front, kShortPatienceMilliseconds);
  return answer.text.substr(0, answer.text.find(' '));
}

bool HostClient::Fails(const std::string& client, const Endpoint& front, int error) const {
  return Comes([&] { return ConnectError(client, front, kShortPatienceMilliseconds) == error; });
}

void HostClient::ExpectServes(const Endpoint& front, const std::string& server,
                              const IpAddress& seen_as) {
  absl::StatusOr<TcpClient> client = TcpClient::Open(Host(1), front);
  ASSERT_TRUE(client.ok()) << front << ": " << client.status();
  EXPECT_EQ(client->server(), server) << front;
  EXPECT_EQ(client->seen_as(), seen_as) << front;
  FL_EXPECT_OK(client->Download(kMegabyte));

  const DatagramAnswer answer = LooseSocket(Host(1), Domain()).Ask(front);
  EXPECT_EQ(answer.error, 0) << front;
  EXPECT_EQ(answer.text, server + " " + seen_as.ToString()) << front;
  EXPECT_EQ(answer.from, front);

  const absl::StatusOr<UdpClient> connected = UdpClient::Open(Host(1), front);
  ASSERT_TRUE(connected.ok()) << front << ": " << connected.status();
  std::string text;
  EXPECT_EQ(connected->Ask(text), 0) << front;
  EXPECT_EQ(text, server + " " + seen_as.ToString()) << front;
}

}  // namespace fairlead::testing
