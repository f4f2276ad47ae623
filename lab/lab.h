// SPDX-License-Identifier: Apache-2.0
//
// A lab: several fairlead nodes on one machine, as network namespaces on one
// wire, each with its own fairleadd, and pods plugged in by the real
// fairlead-cni. The program fairlead-lab, the netns tests and the demo are all
// built on this class.
//
//   auto lab = Lab::Up({.name = "mine", .nodes = 2});
//   auto pod = (*lab)->AddPod("node1", "client", {{"app", "client"}});
//   (*lab)->Run("client", {"ping", "-c1", other.ipv4()}, 5s);
//   // ~Lab takes everything down.
#ifndef FAIRLEAD_LAB_LAB_H_
#define FAIRLEAD_LAB_LAB_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lab/clock.h"
#include "lab/files.h"
#include "lab/lab_record.h"
#include "lab/manifest_folder.h"
#include "lab/node.h"
#include "lab/pod.h"
#include "lab/process.h"

namespace fairlead::lab {

struct LabOptions {
  std::string name = "lab";  // CheckLabName
  int nodes = 2;
  Fabric fabric = {};                          // subnets, routing, underlay
  std::vector<std::string> daemon_flags = {};  // for every fairleadd, after the lab's own
  std::string manifests = {};                  // folder to take over; empty: none
  bool default_pods = false;                   // MakeDefaultPods and their Service
  bool start_daemons = true;                   // false: nodes without fairleadd, and no pods
  bool owned = true;  // ~Lab takes it down, and RemoveAbandonedLabs if we die before
  std::string program_folder = ProgramFolder();
  std::function<void(const std::string&)> progress = [](const std::string&) {};
};

class Lab {
 public:
  // Everything up: wires, daemons that accept, pods that are ready, Services
  // with endpoints. On failure, also on an interrupt, nothing stays behind.
  static absl::StatusOr<std::unique_ptr<Lab>> Up(const LabOptions& options);
  // A lab brought up by another process. To change it one waits until nobody
  // else does; looking is always possible.
  enum class Access { kLook, kChange };
  static absl::StatusOr<std::unique_ptr<Lab>> Open(const std::string& name, Access access);
  ~Lab();
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  absl::Status Down();  // idempotent

  const LabFolder& folder() const { return folder_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  const Node& node(int number) const;  // which must be there
  absl::StatusOr<const Node*> FindNode(const std::string& name) const;
  const Fabric& fabric() const { return record_.fabric; }
  const ManifestFolder& manifests() const { return manifests_; }

  // One more node, of the next number; its name, once its daemon accepts.
  absl::StatusOr<std::string> AddNode();
  // A node leaves without a word, and its pods with it.
  absl::Status RemoveNode(const std::string& name);

  // A pod without processes, ready at once; endpoints are brought up to date.
  absl::StatusOr<Pod> AddPod(const std::string& node, const std::string& name,
                             const Object& labels);
  // The same, and not an endpoint before SetReady.
  absl::StatusOr<Pod> AddUnreadyPod(const std::string& node, const std::string& name,
                                    const Object& labels);
  // Pods from Pod objects: plugged in, started, awaited, then endpoints.
  absl::StatusOr<std::vector<Pod>> AddPods(const std::vector<Object>& objects);
  absl::StatusOr<Pod> FindPod(const std::string& name) const;
  // A pod that is not ready leaves the endpoints of its Services; it runs on.
  absl::Status SetReady(const std::string& pod, bool ready);
  absl::Status DeletePod(const std::string& pod);

  // Into the folder the daemons watch; endpoints follow. Files named lab-* are
  // the lab's own.
  absl::Status WriteManifest(const std::string& file, const std::string& text);
  absl::Status RemoveManifest(const std::string& file);
  // Takes a file over as Up does: pods in it are created.
  absl::StatusOr<std::vector<Pod>> Apply(const std::string& file);

  // `where` is "node1", "outside", "router", "wire" or a pod. Programs of fairlead are
  // found first, and on nodes know the node's bpffs and names.
  absl::StatusOr<Command> CommandAt(const std::string& where,
                                    const std::vector<std::string>& argv) const;
  absl::StatusOr<Finished> Run(const std::string& where, const std::vector<std::string>& argv,
                               Duration timeout) const;
  // Left running until its end or the lab's; output goes to `log_file`.
  absl::StatusOr<ProcessId> Spawn(const std::string& where, const std::vector<std::string>& argv,
                                  const std::string& log_file) const;

  absl::Status StartDaemon(const Node& node) const;  // returns when it accepts
  absl::Status StopDaemon(const Node& node, int signal) const;
  absl::Status RestartDaemon(const Node& node, int signal) const;

 private:
  Lab(const LabOptions& options, LabRecord record, UniqueFd lock);
  absl::Status Build(const LabOptions& options);
  absl::Status PlugAndStart(Pod& pod);
  absl::Status RecordNodes();
  absl::Status AwaitDaemon(const Node& node) const;
  std::set<std::string> NodeNames() const;

  LabFolder folder_;
  ManifestFolder manifests_;
  LabRecord record_;
  std::string program_folder_;
  std::vector<Node> nodes_;
  UniqueFd lock_;
  bool owned_;
};

}  // namespace fairlead::lab

#endif  // FAIRLEAD_LAB_LAB_H_
