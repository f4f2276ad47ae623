// SPDX-License-Identifier: Apache-2.0
//
// See lab.h. The lock is held as long as the object lives: a test's lab is its
// own, a command's lab is locked until the command ends.
#include "lab/lab.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "base/status_macros.h"
#include "lab/default_objects.h"
#include "lab/network_namespace.h"
#include "lab/teardown.h"
#include "lab/topology.h"

namespace fairlead::lab {
namespace {

// Generous: two cores may be busy with a compiler and other labs.
constexpr auto kPodTimeout = std::chrono::seconds(60);

LabRecord RecordOf(const LabOptions& options) {
  LabRecord record{.nodes = {}, .fabric = options.fabric, .daemon_flags = options.daemon_flags};
  for (int number = 1; number <= options.nodes; ++number) record.nodes.push_back(number);
  return record;
}

}  // namespace

Lab::Lab(const LabOptions& options, LabRecord record, UniqueFd lock)
    : folder_(options.name),
      manifests_(folder_.manifests()),
      record_(std::move(record)),
      program_folder_(options.program_folder),
      lock_(std::move(lock)),
      owned_(options.owned) {
  for (const int number : record_.nodes) {
    nodes_.emplace_back(folder_, number, record_, program_folder_);
  }
}

absl::StatusOr<std::unique_ptr<Lab>> Lab::Up(const LabOptions& options) {
  FL_RETURN_IF_ERROR(CheckLabName(options.name));
  if (options.nodes < 1 || options.nodes > kMaxNodes) {
    return absl::InvalidArgumentError(fmt::format("a lab has 1 to {} nodes", kMaxNodes));
  }
  FL_RETURN_IF_ERROR(CheckFabric(options.fabric));
  FL_ASSIGN_OR_RETURN(UniqueFd lock, LabFolder(options.name).Create());
  std::unique_ptr<Lab> lab(new Lab(options, RecordOf(options), std::move(lock)));
  absl::Status status = lab->Build(options);
  if (status.ok()) return lab;
  const absl::Status down = lab->Down();
  if (down.ok()) return status;
  return absl::Status(status.code(),
                      fmt::format("{}\nand cleaning up failed: {}", std::string(status.message()),
                                  std::string(down.message())));
}

absl::StatusOr<std::unique_ptr<Lab>> Lab::Open(const std::string& name, Access access) {
  FL_RETURN_IF_ERROR(CheckLabName(name));
  const LabFolder folder(name);
  UniqueFd lock;
  if (access == Access::kChange) {
    auto locked = folder.Lock();
    if (!locked.ok() && !absl::IsNotFound(locked.status())) return locked.status();
    if (locked.ok()) lock = *std::move(locked);
  }
  FL_ASSIGN_OR_RETURN(LabRecord record, LabRecord::Read(folder));
  return std::unique_ptr<Lab>(
      new Lab({.name = name, .owned = false}, std::move(record), std::move(lock)));
}

Lab::~Lab() {
  if (!owned_) return;
  const absl::Status status = Down();
  if (!status.ok()) fmt::print(stderr, "{}\n", status.ToString());
}

absl::Status Lab::Down() {
  owned_ = false;
  return RemoveLab(folder_);
}

absl::Status Lab::Build(const LabOptions& options) {
  if (options.owned) {
    FL_ASSIGN_OR_RETURN(const ProcessId self, ProcessId::Of(::getpid()));
    FL_RETURN_IF_ERROR(WriteFile(folder_.Path("owner.pid"), self.ToString()));
  }
  FL_RETURN_IF_ERROR(MakeDirectories(manifests_.path()));
  FL_RETURN_IF_ERROR(MakeDirectories(folder_.Path("pods")));

  FL_RETURN_IF_ERROR(RecordNodes());

  std::vector<Object> pods;
  if (!options.manifests.empty()) {
    FL_ASSIGN_OR_RETURN(pods, manifests_.TakeAll(options.manifests, NodeNames()));
  }
  if (options.default_pods) {
    pods = MakeDefaultPods(options.nodes);
    FL_RETURN_IF_ERROR(WriteFile(manifests_.path() + "/echo.json", ToText(MakeDefaultService())));
  }
  FL_RETURN_IF_ERROR(manifests_.Complete());

  options.progress("laying wires");
  FL_RETURN_IF_ERROR(LayWires(options.name, options.fabric));
  for (const Node& node : nodes_) {
    if (Interrupted()) return absl::CancelledError("interrupted");
    FL_RETURN_IF_ERROR(PlugNode(options.name, options.fabric, node.number()));
    FL_RETURN_IF_ERROR(node.MakeFolders());
    if (options.start_daemons) FL_RETURN_IF_ERROR(node.LaunchDaemon());
  }
  if (!options.start_daemons) return absl::OkStatus();
  for (const Node& node : nodes_) {
    options.progress("waiting for fairleadd of " + node.name());
    FL_RETURN_IF_ERROR(AwaitDaemon(node));
  }
  if (!pods.empty()) options.progress(fmt::format("making {} pods", pods.size()));
  return AddPods(pods).status();
}

absl::Status Lab::PlugAndStart(Pod& pod) {
  if (Interrupted()) return absl::CancelledError("interrupted");
  FL_ASSIGN_OR_RETURN(const Node* node, FindNode(pod.node()));
  FL_RETURN_IF_ERROR(pod.Plug(*node));
  FL_RETURN_IF_ERROR(manifests_.PutPod(pod.object()));
  return pod.Start();
}

absl::StatusOr<std::vector<Pod>> Lab::AddPods(const std::vector<Object>& objects) {
  std::vector<Pod> pods;
  for (const Object& object : objects) {
    pods.emplace_back(folder_, object);
    FL_RETURN_IF_ERROR(PlugAndStart(pods.back()));
  }
  for (Pod& pod : pods) {
    FL_RETURN_IF_ERROR(pod.AwaitReady(kPodTimeout));
    pod.SetReady(true);
    FL_RETURN_IF_ERROR(manifests_.PutPod(pod.object()));
  }
  FL_RETURN_IF_ERROR(manifests_.Complete());
  return pods;
}

absl::StatusOr<Pod> Lab::AddPod(const std::string& node, const std::string& name,
                                const Object& labels) {
  FL_ASSIGN_OR_RETURN(std::vector<Pod> pods,
                      AddPods({MakePod(name, node, labels, Object::array())}));
  return pods.front();
}

absl::StatusOr<Pod> Lab::AddUnreadyPod(const std::string& node, const std::string& name,
                                       const Object& labels) {
  Pod pod(folder_, MakePod(name, node, labels, Object::array()));
  FL_RETURN_IF_ERROR(PlugAndStart(pod));
  FL_RETURN_IF_ERROR(manifests_.Complete());
  return pod;
}

absl::StatusOr<Pod> Lab::FindPod(const std::string& name) const {
  FL_ASSIGN_OR_RETURN(Object object, manifests_.FindPod(name));
  return Pod(folder_, std::move(object));
}

absl::Status Lab::SetReady(const std::string& name, bool ready) {
  FL_ASSIGN_OR_RETURN(Pod pod, FindPod(name));
  pod.SetReady(ready);
  FL_RETURN_IF_ERROR(manifests_.PutPod(pod.object()));
  return manifests_.Complete();
}

absl::Status Lab::DeletePod(const std::string& name) {
  FL_ASSIGN_OR_RETURN(const Pod pod, FindPod(name));
  FL_ASSIGN_OR_RETURN(const Node* node, FindNode(pod.node()));
  FL_RETURN_IF_ERROR(manifests_.ErasePod(pod.object()));
  FL_RETURN_IF_ERROR(manifests_.Complete());
  return pod.Unplug(*node);
}

absl::Status Lab::WriteManifest(const std::string& file, const std::string& text) {
  FL_RETURN_IF_ERROR(WriteFile(manifests_.path() + "/" + file, text));
  return manifests_.Complete();
}

absl::Status Lab::RemoveManifest(const std::string& file) {
  FL_RETURN_IF_ERROR(RemoveFile(manifests_.path() + "/" + file));
  return manifests_.Complete();
}

absl::StatusOr<std::vector<Pod>> Lab::Apply(const std::string& file) {
  FL_ASSIGN_OR_RETURN(const std::vector<Object> pods, manifests_.Take(file, NodeNames()));
  return AddPods(pods);
}

absl::StatusOr<Command> Lab::CommandAt(const std::string& where,
                                       const std::vector<std::string>& argv) const {
  const std::string name = NamespaceName(folder_.lab(), where);
  if (where.find('/') != std::string::npos || !OpenNamespace(name).ok()) {
    std::string places;
    const std::string prefix = NamespacePrefix(folder_.lab());
    for (const std::string& place : NamespacesWithPrefix(prefix)) {
      places += " " + place.substr(prefix.size());
    }
    return absl::NotFoundError(fmt::format("no '{}' in this lab; there are:{}", where, places));
  }
  const char* path = std::getenv("PATH");
  Command command{.argv = argv,
                  .network_namespace = name,
                  .env = {{"PATH", program_folder_ + ":" + (path != nullptr ? path : "/usr/bin")}}};
  if (const auto node = FindNode(where); node.ok()) {
    command.env["FAIRLEAD_BPFFS"] = (*node)->bpffs();
    command.env["FAIRLEAD_NAMES"] = (*node)->state_dir() + "/names.json";
  }
  return command;
}

absl::StatusOr<Finished> Lab::Run(const std::string& where, const std::vector<std::string>& argv,
                                  Duration timeout) const {
  FL_ASSIGN_OR_RETURN(const Command command, CommandAt(where, argv));
  return lab::Run(command, timeout);
}

absl::StatusOr<ProcessId> Lab::Spawn(const std::string& where, const std::vector<std::string>& argv,
                                     const std::string& log_file) const {
  FL_ASSIGN_OR_RETURN(const Command command, CommandAt(where, argv));
  return lab::Spawn(command, log_file);
}

}  // namespace fairlead::lab
