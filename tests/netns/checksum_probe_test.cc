// SPDX-License-Identifier: Apache-2.0
//
//   node1 ──▶ a device that promises checksums and does not make them ──▶ wire ──▶ node2
//
// Promise: what the hardware gets wrong inside the tunnel is found out, said, and
// done by the kernel from then on; a device that gets it right keeps its work.
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <thread>

#include "lab/network_namespace.h"
#include "loader/netlink/checksum_offload.h"
#include "tests/netns/two_nodes.h"

namespace fairlead::testing {
namespace {

// Everything that arrives on one device leaves by the other as the bytes that it was: a
// checksum that was left to a device stays the unfinished one.
class CarelessDevice {
 public:
  CarelessDevice(const std::string& network_namespace, const std::string& one,
                 const std::string& other) {
    const absl::Status opened = lab::InNamespace(network_namespace, [&] {
      ends_[0] = Open(one);
      ends_[1] = Open(other);
      return absl::OkStatus();
    });
    EXPECT_TRUE(opened.ok()) << opened;
    thread_ = std::thread([this] { Carry(); });
  }
  ~CarelessDevice() {
    ends_soon_ = true;
    thread_.join();
  }
  CarelessDevice(const CarelessDevice&) = delete;
  CarelessDevice& operator=(const CarelessDevice&) = delete;

 private:
  static UniqueFd Open(const std::string& device) {
    UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)));
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(::if_nametoindex(device.c_str()));
    const void* raw = &address;
    EXPECT_EQ(::bind(fd.get(), static_cast<const sockaddr*>(raw), sizeof(address)), 0);
    return fd;
  }
  void Carry() {
    std::vector<char> frame(65536);
    while (!ends_soon_) {
      pollfd wait[2] = {{ends_[0].get(), POLLIN, 0}, {ends_[1].get(), POLLIN, 0}};
      ::poll(wait, 2, 100);
      for (int from = 0; from < 2; ++from) {
        if ((wait[from].revents & POLLIN) == 0) continue;
        sockaddr_ll sender{};
        socklen_t size = sizeof(sender);
        void* raw = &sender;
        const ssize_t bytes = ::recvfrom(ends_[from].get(), frame.data(), frame.size(),
                                         MSG_DONTWAIT, static_cast<sockaddr*>(raw), &size);
        if (bytes <= 0 || sender.sll_pkttype == PACKET_OUTGOING) continue;
        ::send(ends_[1 - from].get(), frame.data(), static_cast<size_t>(bytes), MSG_DONTWAIT);
      }
    }
  }

  UniqueFd ends_[2];
  std::atomic<bool> ends_soon_ = false;
  std::thread thread_;
};

class TunnelChecksums : public TwoNodes {
 protected:
  lab::Fabric LabFabric() const override { return {.routing = "vxlan"}; }
  bool Says(int number, const std::string& text) {
    return lab::WaitUntil(
        [&] { return lab::Tail(node(number).log_file(), 200).find(text) != std::string::npos; },
        std::chrono::seconds(60));
  }
  bool HasOffload(int number) {
    bool has = false;
    FL_EXPECT_OK(lab::InNamespace(node(number).network_namespace(), [&] {
      const absl::StatusOr<bool> found = HasChecksumOffload("fl_vxlan");
      has = found.ok() && *found;
      return found.status();
    }));
    return has;
  }
};

class OverAGoodDevice : public TunnelChecksums {};
TEST_P(OverAGoodDevice, AreVerifiedAndLeftToTheDevice) {
  EXPECT_TRUE(Says(1, "checksum offload verified"));
  EXPECT_TRUE(Says(2, "checksum offload verified"));
  EXPECT_TRUE(HasOffload(1));
}

class OverACarelessDevice : public TunnelChecksums {
  bool StartsDaemons() const override { return false; }
};
TEST_P(OverACarelessDevice, AreMadeByTheKernel) {
  const std::string wire = lab::NamespaceName(lab().folder().lab(), "wire");
  Ip("wire",
     "link set node1 nomaster\n"
     "link add card type veth peer name socket\n"
     "link set card up\n"
     "link set socket master subnet1 up\n");
  const CarelessDevice device(wire, "node1", "card");
  for (const int number : {2, 1}) FL_ASSERT_OK(lab().StartDaemon(node(number)));
  // It is on the way of either.
  for (const int number : {1, 2}) {
    EXPECT_TRUE(Says(number, "checksum offload switched off"));
    EXPECT_FALSE(HasOffload(number));
  }

  const lab::Pod client = AddPod(1, "client", "client"), server = AddPod(2, "server", "server");
  const auto serving = ServeTcp(server);
  auto upload = TcpClient::Open(client.network_namespace(), On(server));
  FL_ASSERT_OK(upload.status());
  FL_EXPECT_OK(upload->Upload(100000));
}

INSTANTIATE_TEST_SUITE_P(Ipv4, OverAGoodDevice, ::testing::Values(Family::kIpv4), NameOfFamily);
FL_BOTH_FAMILIES(OverACarelessDevice);

}  // namespace
}  // namespace fairlead::testing
