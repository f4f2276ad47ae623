// SPDX-License-Identifier: Apache-2.0
#include "loader/netlink/xdp_features.h"

#include <linux/genetlink.h>

#include <optional>

#include "base/status_macros.h"
#include "loader/netlink/netlink_socket.h"

namespace fairlead {
namespace {

// include/uapi/linux/netdev.h; Debian's headers are older.
constexpr uint8_t kDevGet = 1;
constexpr uint16_t kDevIfindex = 1;
constexpr uint16_t kDevXdpFeatures = 3;
constexpr uint64_t kBasic = 1 << 0;
constexpr uint64_t kRedirect = 1 << 1;
constexpr uint64_t kNdoXmit = 1 << 2;

void PutHeader(NetlinkMessage& message, uint8_t command) {
  auto* header = message.Header<genlmsghdr>();
  header->cmd = command;
  header->version = 1;
}

// nullopt: the kernel has no such family.
absl::StatusOr<std::optional<uint16_t>> FindFamily(NetlinkSocket& netlink) {
  NetlinkMessage message(GENL_ID_CTRL, 0);
  PutHeader(message, CTRL_CMD_GETFAMILY);
  message.PutText(CTRL_ATTR_FAMILY_NAME, "netdev");
  const auto answers = netlink.Get(message, "find generic netlink family netdev");
  if (absl::IsNotFound(answers.status())) return std::nullopt;
  FL_RETURN_IF_ERROR(answers.status());
  std::optional<uint16_t> family;
  answers->ForEach([&family](const nlmsghdr* answer) {
    const NetlinkAttributes<CTRL_ATTR_MAX> attributes(answer, sizeof(genlmsghdr));
    if (const nlattr* id = attributes[CTRL_ATTR_FAMILY_ID]; id != nullptr) {
      family = mnl_attr_get_u16(id);
    }
  });
  return family;
}

}  // namespace

absl::StatusOr<XdpFeatures> ReadXdpFeatures(uint32_t ifindex) {
  FL_ASSIGN_OR_RETURN(NetlinkSocket netlink, NetlinkSocket::Open(NETLINK_GENERIC));
  FL_ASSIGN_OR_RETURN(const std::optional<uint16_t> family, FindFamily(netlink));
  XdpFeatures features;
  if (!family.has_value()) return features;
  NetlinkMessage message(*family, 0);
  PutHeader(message, kDevGet);
  message.PutU32(kDevIfindex, ifindex);
  FL_ASSIGN_OR_RETURN(const NetlinkAnswers answers,
                      netlink.Get(message, "ask for a device's XDP features"));
  answers.ForEach([&features](const nlmsghdr* answer) {
    const NetlinkAttributes<kDevXdpFeatures> attributes(answer, sizeof(genlmsghdr));
    const nlattr* value = attributes[kDevXdpFeatures];
    if (value == nullptr || mnl_attr_get_payload_len(value) < sizeof(uint64_t)) return;
    const uint64_t bits = mnl_attr_get_u64(value);
    features.runs_programs = (bits & (kBasic | kRedirect)) == (kBasic | kRedirect);
    features.sends = (bits & kNdoXmit) != 0;
  });
  return features;
}

}  // namespace fairlead
