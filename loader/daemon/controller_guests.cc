// SPDX-License-Identifier: Apache-2.0
//
// Controller beside another network (--mode proxy): its pods are guests here. They have
// devices of which nothing else is ours, and no entry in any table.
#include <fmt/format.h>

#include <set>

#include "base/log.h"
#include "loader/daemon/controller.h"

namespace fairlead {

// Pods that fairlead-cni has plugged in would lose their network.
absl::Status Controller::ReceiveGuests() {
  if (!options_.has_guests()) return absl::OkStatus();
  if (const size_t pods = pods_->attachments().size(); pods != 0) {
    return absl::FailedPreconditionError(fmt::format(
        "--mode proxy: {} pods of this node are plugged in by fairlead-cni. Drain the node and run "
        "`fairleadd cleanup` first, or go on with --mode full",
        pods));
  }
  LogInfo("mode=proxy: Services only, beside another network");
  return absl::OkStatus();
}

std::set<uint32_t> Controller::GuestDevices() const {
  std::set<uint32_t> devices;
  for (const auto& [ifindex, name] : host_->network().guests) devices.insert(ifindex);
  return devices;
}

void Controller::NoteStrangeNode(const plan::NodePlan& nodes) {
  if (nodes.KnowsOwn()) return;
  node_problems_.Note(
      fmt::format("node {} has no Node object, and no --node-ip: its addresses and its zone are {}",
                  options_.node_name, nodes.own.has_value() ? "those last known" : "not known"));
}

}  // namespace fairlead
