// SPDX-License-Identifier: Apache-2.0
//
// From the number by which the kernel names another network namespace
// (IFLA_LINK_NETNSID: "the other end is over there") to the namespace itself.
// The kernel gives no descriptor for such a number, so all namespaces in sight
// are asked for theirs: those that are mounted somewhere, and those of all
// processes. Nothing is held on to in between: a descriptor kept would keep
// the namespace of a dead pod alive.
#ifndef FAIRLEAD_LOADER_NETLINK_NETNS_IDS_H_
#define FAIRLEAD_LOADER_NETLINK_NETNS_IDS_H_

#include <cstdint>
#include <map>
#include <set>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"
#include "loader/netlink/netlink_socket.h"

namespace fairlead {

// The namespaces that have one of `ids` in the namespace of `netlink`. One that
// this process cannot see, for want of its mount or of /proc, is absent.
absl::StatusOr<std::map<int32_t, UniqueFd>> FindNetns(NetlinkSocket& netlink,
                                                      const std::set<int32_t>& ids);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_NETLINK_NETNS_IDS_H_
