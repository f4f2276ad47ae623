// SPDX-License-Identifier: Apache-2.0
#include "loader/pods/pod_mtu.h"

#include <map>
#include <set>
#include <utility>

#include "base/status_macros.h"
#include "loader/netlink/links.h"
#include "loader/netlink/netns_ids.h"

namespace fairlead {
namespace {

// A link that has gone meanwhile has no MTU to set.
absl::Status SetUnlessGone(NetlinkSocket& netlink, uint32_t index, uint32_t mtu) {
  const absl::Status status = SetLinkMtu(netlink, index, mtu);
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

struct PodEnd {
  uint32_t slot = 0;
  uint32_t index = 0;  // in the pod's namespace
};

}  // namespace

absl::StatusOr<std::vector<uint32_t>> SetPodMtu(NetlinkSocket& host,
                                                const std::vector<LocalPod>& pods, uint32_t mtu) {
  FL_ASSIGN_OR_RETURN(const std::vector<Link> links, ListLinks(host));
  std::map<uint32_t, const Link*> by_index;
  for (const Link& link : links) by_index.emplace(link.index, &link);

  std::map<int32_t, std::vector<PodEnd>> ends;  // by the number of their namespace
  std::set<int32_t> ids;
  for (const LocalPod& pod : pods) {
    const auto link = by_index.find(pod.ifindex);
    if (link == by_index.end()) continue;
    FL_RETURN_IF_ERROR(SetUnlessGone(host, pod.ifindex, mtu));
    ids.insert(link->second->peer_netns_id);
    ends[link->second->peer_netns_id].push_back({pod.slot, link->second->peer_index});
  }
  FL_ASSIGN_OR_RETURN(const auto namespaces, FindNetns(host, ids));
  std::vector<uint32_t> unseen;
  for (const auto& [id, ends_there] : ends) {
    const auto netns = namespaces.find(id);
    if (netns == namespaces.end()) {
      for (const PodEnd& end : ends_there) unseen.push_back(end.slot);
      continue;
    }
    FL_ASSIGN_OR_RETURN(NetlinkSocket inside, NetlinkSocket::OpenIn(netns->second.get()));
    for (const PodEnd& end : ends_there) {
      FL_RETURN_IF_ERROR(SetUnlessGone(inside, end.index, mtu));
    }
  }
  return unseen;
}

}  // namespace fairlead
