// SPDX-License-Identifier: Apache-2.0
//
// Clients of Services, foremost processes of a node: a Service with every kind of
// frontend, slices by hand, and sockets that are not connected.
#ifndef FAIRLEAD_TESTS_CONTRACT_HOST_CLIENT_H_
#define FAIRLEAD_TESTS_CONTRACT_HOST_CLIENT_H_

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/socket_address.h"
#include "tests/netns/two_nodes.h"

namespace fairlead::testing {

constexpr uint16_t kNodePort = 30080;

// What came back for one datagram. `error`: errno of sending or receiving.
struct DatagramAnswer {
  int error = 0;
  std::string text;
  Endpoint from;
};

// A UDP socket that names its peer with each datagram.
class LooseSocket {
 public:
  // `domain` AF_INET6 speaks to IPv4 by mapped addresses.
  LooseSocket(const std::string& network_namespace, int domain);
  DatagramAnswer Ask(const Endpoint& to, int patience_milliseconds = kPatienceMilliseconds) const;
  // Loose no more, but it goes on naming its peer. 0 or errno.
  int Connect(const Endpoint& to) const;

 private:
  SocketAddress AddressFor(const Endpoint& to) const;
  int domain_;
  UniqueFd fd_;
};

class HostClient : public TwoNodes {
 protected:
  std::vector<std::string> DaemonFlags() const override { return {"--nodeport-addresses", "all"}; }

  // Pods labelled app=NAME behind a ClusterIP, a NodePort, an external IP and a load balancer,
  // for TCP and UDP. `change` sees the object first.
  void PutService(const std::string& name, const std::function<void(lab::Object&)>& change = {});
  // The same without a selector: its endpoints are those of slices that the test writes.
  void PutServiceByHand(const std::string& name,
                        const std::function<void(lab::Object&)>& change = {});
  // A slice for both of its ports. `more`: conditions, hints.
  static lab::Object EndpointAt(const IpAddress& address, const std::string& on_node,
                                const lab::Object& more = lab::Object::object());
  void PutSlice(const std::string& service, const std::vector<lab::Object>& endpoints,
                const std::function<void(lab::Object&)>& change = {});
  // A server of both protocols in the pod, until the end of the test.
  void Serve(const lab::Pod& pod);

  Endpoint ClusterIp() const { return Of("10.96.0.60", "fd00:96::60", kServicePort); }
  Endpoint ExternalIp() const { return Of("203.0.113.250", "2001:db8:113::250", kServicePort); }
  Endpoint Balancer() const { return Of("192.0.2.80", "2001:db8:2::80", kServicePort); }
  Endpoint Loopback() const { return Of("127.0.0.1", "::1", kNodePort); }
  Endpoint NodePortOf(int number) const { return {AddressOf(node(number)), kNodePort}; }
  std::vector<Endpoint> Fronts() const {
    return {ClusterIp(), NodePortOf(1), Loopback(), ExternalIp(), Balancer()};
  }
  std::string Host(int number) const { return node(number).network_namespace(); }
  int Domain() const;

  bool Comes(const std::function<bool()>& condition) const;
  // Who answers a connection or a datagram from there or from node1, "" if nobody does.
  std::string TcpServerOf(const std::string& client, const Endpoint& front) const;
  std::string UdpServerOf(const std::string& client, const Endpoint& front) const;
  std::string TcpServerOf(const Endpoint& front) const { return TcpServerOf(Host(1), front); }
  std::string UdpServerOf(const Endpoint& front) const { return UdpServerOf(Host(1), front); }
  // Whom a new connection reaches, after a while.
  bool Reaches(const std::string& client, const Endpoint& front, const std::string& server) const {
    return Comes([&] { return TcpServerOf(client, front) == server; });
  }
  // How it fails, after a while: ECONNREFUSED, or ETIMEDOUT for silence.
  bool Fails(const std::string& client, const Endpoint& front, int error) const;
  void ExpectServes(const Endpoint& front, const std::string& server, const IpAddress& seen_as);

 private:
  Endpoint Of(const char* ipv4, const char* ipv6, uint16_t port) const;

  std::vector<std::unique_ptr<TcpServer>> tcp_servers_;
  std::vector<std::unique_ptr<UdpServer>> udp_servers_;
};

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_CONTRACT_HOST_CLIENT_H_
