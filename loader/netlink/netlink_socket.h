// SPDX-License-Identifier: Apache-2.0
//
// One netlink conversation (libmnl) with the kernel: a request and its
// acknowledgement, or a dump. A socket belongs to the network namespace it was
// opened in for its whole life, whatever its thread does later; that is how
// one process configures many namespaces.
//
// Errors name what was tried, the errno and the kernel's own explanation
// (extended acknowledgement): "add route 10.0.0.1/32 dev 7: EEXIST ...".
// Codes worth distinguishing: NotFound (ENODEV, ENOENT, ESRCH), AlreadyExists
// (EEXIST). Not thread safe: one thread at a time per socket.
#ifndef FAIRLEAD_LOADER_NETLINK_NETLINK_SOCKET_H_
#define FAIRLEAD_LOADER_NETLINK_NETLINK_SOCKET_H_

#include <libmnl/libmnl.h>
#include <linux/netlink.h>

#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"

namespace fairlead {

// A request being built. The buffer is far larger than any request of ours, so
// running out of it is a bug and ends the process.
class NetlinkMessage {
 public:
  // `type` is RTM_*; `flags` NLM_F_* beyond NLM_F_REQUEST.
  NetlinkMessage(uint16_t type, uint16_t flags);
  NetlinkMessage(const NetlinkMessage&) = delete;
  NetlinkMessage& operator=(const NetlinkMessage&) = delete;

  // The family's fixed header (ifinfomsg, rtmsg, …), zeroed. First call after
  // construction; the pointer lives as long as the message.
  template <typename T>
  T* Header() {
    return static_cast<T*>(mnl_nlmsg_put_extra_header(header_, sizeof(T)));
  }

  void Put(uint16_t type, const void* bytes, size_t size);
  void PutU8(uint16_t type, uint8_t value) { Put(type, &value, sizeof(value)); }
  void PutU32(uint16_t type, uint32_t value) { Put(type, &value, sizeof(value)); }
  void PutText(uint16_t type, std::string_view text);  // zero-terminated
  void PutAddress(uint16_t type, const IpAddress& address);
  // Opens a nested attribute; close with End(), innermost first.
  nlattr* Begin(uint16_t type);
  void End(nlattr* nest) { mnl_attr_nest_end(header_, nest); }
  // Room for a struct inside an attribute (the peer's ifinfomsg of a veth).
  void* PutRaw(size_t size);

  nlmsghdr* header() { return header_; }

 private:
  alignas(nlmsghdr) std::array<char, 2048> buffer_;
  nlmsghdr* header_;
};

// The answers of a dump, in kernel order.
class NetlinkAnswers {
 public:
  // Calls `each(const nlmsghdr*)` per message.
  template <typename F>
  void ForEach(F&& each) const {
    for (const std::vector<char>& message : messages_) {
      const void* bytes = message.data();
      each(static_cast<const nlmsghdr*>(bytes));
    }
  }

 private:
  friend class NetlinkSocket;
  std::vector<std::vector<char>> messages_;
};

class NetlinkSocket {
 public:
  // In the calling thread's namespace. `bus` is NETLINK_*.
  static absl::StatusOr<NetlinkSocket> Open(int bus = NETLINK_ROUTE);
  // In the namespace of `netns_fd`, which stays the caller's.
  static absl::StatusOr<NetlinkSocket> OpenIn(int netns_fd);

  // Sends and waits for the acknowledgement.
  absl::Status Request(NetlinkMessage& message, std::string_view what);
  // Sends a request for one object and collects its answer.
  absl::StatusOr<NetlinkAnswers> Get(NetlinkMessage& message, std::string_view what);
  // Sends and collects all answers; a dump that raced with a change is repeated.
  absl::StatusOr<NetlinkAnswers> Dump(NetlinkMessage& message, std::string_view what);

 private:
  struct Closer {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };
  explicit NetlinkSocket(mnl_socket* socket) : socket_(socket) {}
  // Reads until the acknowledgement or the end of the dump. `interrupted` is
  // set when the kernel says that the dump is not consistent.
  absl::Status Receive(uint32_t sequence, std::string_view what, NetlinkAnswers* answers,
                       bool* interrupted);

  std::unique_ptr<mnl_socket, Closer> socket_;
  uint32_t sequence_ = 0;
  std::vector<char> receive_buffer_;
};

// Attributes by type, of a message or nest with attributes up to `kMax`.
template <size_t kMax>
class NetlinkAttributes {
 public:
  NetlinkAttributes(const nlmsghdr* message, size_t fixed_header_size) {
    mnl_attr_parse(message, static_cast<unsigned>(fixed_header_size), &Keep, &table_);
  }
  explicit NetlinkAttributes(const nlattr* nest) { mnl_attr_parse_nested(nest, &Keep, &table_); }

  // nullptr when absent.
  const nlattr* operator[](size_t type) const { return table_[type]; }
  uint32_t U32(size_t type, uint32_t absent = 0) const {
    const nlattr* attribute = table_[type];
    return attribute != nullptr && mnl_attr_get_payload_len(attribute) >= 4
               ? mnl_attr_get_u32(attribute)
               : absent;
  }

 private:
  static int Keep(const nlattr* attribute, void* table) {
    const uint16_t type = mnl_attr_get_type(attribute);
    if (type <= kMax) (*static_cast<std::array<const nlattr*, kMax + 1>*>(table))[type] = attribute;
    return MNL_CB_OK;
  }
  std::array<const nlattr*, kMax + 1> table_{};
};

// AF_INET or AF_INET6.
int AddressFamily(Family family);
// The address in an attribute; false if its length is of no family.
bool ReadAddress(const nlattr* attribute, IpAddress* address);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_NETLINK_NETLINK_SOCKET_H_
