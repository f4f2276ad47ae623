// SPDX-License-Identifier: Apache-2.0
//
// For tests: a scratch node with a real PodAttacher and real namespaces for
// its pods; only the dataplane is a recorder.
#ifndef FAIRLEAD_LOADER_PODS_TEST_NODE_H_
#define FAIRLEAD_LOADER_PODS_TEST_NODE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "loader/netlink/links.h"
#include "loader/netlink/routes.h"
#include "loader/netlink/scratch_netns.h"
#include "loader/pods/pod_attacher.h"
#include "loader/pods/recording_dataplane.h"

namespace fairlead::testing {

inline PodRequest Named(const std::string& name) {
  return {.container_id = "container-" + name,
          .interface_name = "eth0",
          .name_space = "shop",
          .name = name,
          .uid = "uid-" + name};
}

class Node : public ::testing::Test {
 protected:
  Node() { Start(); }

  // What a new daemon does, with the kernel and the disk as they are.
  RestoreReport Start() {
    attacher_.reset();
    attacher_ = Must(PodAttacher::Create(directory_.path(), dataplane_));
    RestoreReport report = Must(attacher_->Restore());
    MustOk(attacher_->SetNode(blocks_, 1450));
    return report;
  }

  LocalPod Attach(const std::string& name, const UniqueFd& netns) {
    return Must(attacher_->Add(Named(name), netns.get()));
  }
  absl::Status Detach(const LocalPod& pod) {
    return attacher_->Remove(pod.container_id, pod.interface_name);
  }

  std::vector<std::string> PodDevices() {
    std::vector<std::string> names;
    for (const Link& link : Must(ListLinks(host_))) {
      if (link.kind == "veth") names.push_back(link.name);
    }
    return names;
  }
  size_t OwnRoutes() { return Must(ListRoutes(host_, {.protocol = kRouteProtocol})).size(); }

  ScratchNetns node_;
  ScratchDirectory directory_;
  NetlinkSocket host_ = Must(NetlinkSocket::Open());
  RecordingDataplane dataplane_;
  std::vector<Cidr> blocks_ = {Must(Cidr::Parse("10.1.0.0/24")), Must(Cidr::Parse("fd00:1::/64"))};
  std::unique_ptr<PodAttacher> attacher_;
  UniqueFd netns_ = Must(MakeNetns());
};

}  // namespace fairlead::testing

#endif  // FAIRLEAD_LOADER_PODS_TEST_NODE_H_
