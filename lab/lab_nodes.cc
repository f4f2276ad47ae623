// SPDX-License-Identifier: Apache-2.0
//
// Nodes of a lab and their daemons; see lab.h.
#include <fmt/format.h>

#include <algorithm>

#include "base/status_macros.h"
#include "lab/lab.h"
#include "lab/network_namespace.h"
#include "lab/teardown.h"
#include "lab/topology.h"

namespace fairlead::lab {
namespace {

// Generous: two cores may be busy with a compiler and other labs.
constexpr auto kDaemonTimeout = std::chrono::seconds(60);

}  // namespace

const Node& Lab::node(int number) const {
  return *std::ranges::find(nodes_, number, &Node::number);
}

absl::StatusOr<const Node*> Lab::FindNode(const std::string& name) const {
  const auto found = std::ranges::find(nodes_, name, &Node::name);
  if (found != nodes_.end()) return &*found;
  return absl::NotFoundError(fmt::format("no node '{}' in this lab", name));
}

std::set<std::string> Lab::NodeNames() const {
  std::set<std::string> names;
  for (const Node& node : nodes_) names.insert(node.name());
  return names;
}

// The file that tells commands of this lab, and the one that tells its daemons.
absl::Status Lab::RecordNodes() {
  record_.nodes.clear();
  std::vector<Object> objects;
  for (const Node& node : nodes_) {
    record_.nodes.push_back(node.number());
    std::vector<std::string> addresses = {node.ipv4(), node.ipv6()};
    if (record_.fabric.underlay == "ipv6") std::ranges::reverse(addresses);
    objects.push_back(MakeNode(node.name(), addresses, NodePodCidrs(node.number())));
  }
  FL_RETURN_IF_ERROR(record_.Write(folder_));
  return WriteFile(manifests_.path() + "/lab-nodes.json", ToText(MakeList(objects)));
}

absl::StatusOr<std::string> Lab::AddNode() {
  const int number = nodes_.empty() ? 1 : nodes_.back().number() + 1;
  if (number > kMaxNodes) {
    return absl::ResourceExhaustedError(fmt::format("nodes are numbered 1 to {}", kMaxNodes));
  }
  const Node node(folder_, number, record_, program_folder_);
  nodes_.push_back(node);
  const auto join = [&]() -> absl::Status {
    FL_RETURN_IF_ERROR(PlugNode(folder_.lab(), record_.fabric, number));
    FL_RETURN_IF_ERROR(node.MakeFolders());
    FL_RETURN_IF_ERROR(RecordNodes());
    return StartDaemon(node);
  };
  const absl::Status status = join();
  if (status.ok()) return node.name();
  RemoveNode(node.name()).IgnoreError();
  return status;
}

absl::Status Lab::RemoveNode(const std::string& name) {
  FL_ASSIGN_OR_RETURN(const Node* found, FindNode(name));
  const Node node = *found;
  std::vector<std::string> namespaces = {node.network_namespace()};
  FL_ASSIGN_OR_RETURN(const std::vector<Object> objects, manifests_.Read());
  absl::Status status;
  for (const Object& object : objects) {
    const Pod pod(folder_, object);
    if (KindOf(object) != "Pod" || pod.node() != name) continue;
    status.Update(manifests_.ErasePod(object));
    namespaces.push_back(pod.network_namespace());
  }
  std::erase_if(nodes_, [&](const Node& other) { return other.name() == name; });
  status.Update(RecordNodes());
  status.Update(manifests_.Complete());
  // As when a machine is switched off: nobody calls the CNI plugin any more.
  status.Update(KillProcesses(namespaces));
  status.Update(UnplugNode(folder_.lab(), record_.fabric, node.number()));
  for (const std::string& pod : namespaces) status.Update(DeleteNamespace(pod));
  status.Update(RemoveTree(folder_.Path(name)));
  return status;
}

absl::Status Lab::AwaitDaemon(const Node& node) const { return node.AwaitDaemon(kDaemonTimeout); }

absl::Status Lab::StartDaemon(const Node& node) const {
  FL_RETURN_IF_ERROR(node.LaunchDaemon());
  return AwaitDaemon(node);
}

absl::Status Lab::StopDaemon(const Node& node, int signal) const {
  return node.StopDaemon(signal, std::chrono::seconds(30));
}

absl::Status Lab::RestartDaemon(const Node& node, int signal) const {
  FL_RETURN_IF_ERROR(StopDaemon(node, signal));
  return StartDaemon(node);
}

}  // namespace fairlead::lab
