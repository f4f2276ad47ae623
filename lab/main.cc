// SPDX-License-Identifier: Apache-2.0
//
// fairlead-lab: try fairlead on one machine, without a cluster.
#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/status_macros.h"
#include "lab/churn.h"
#include "lab/lab.h"
#include "lab/network_namespace.h"
#include "lab/teardown.h"
#include "lab/topology.h"

namespace fairlead::lab {
namespace {

struct Flags {
  LabOptions up;
  bool no_pods = false;
  bool abandoned = false;
  std::string where, pod, node, file, labels;
  int pods = 1000, parallel = 32;
  std::vector<std::string> argv;  // what stood behind "--"
};

absl::Status Up(const Flags& flags) {
  LabOptions options = flags.up;
  options.owned = false;  // it outlives this process
  options.default_pods = options.manifests.empty() && !flags.no_pods && options.start_daemons;
  options.daemon_flags = flags.argv;
  options.progress = [](const std::string& step) { fmt::print(stderr, "lab: {}\n", step); };
  const auto lab = Lab::Up(options);
  if (!lab.ok()) return lab.status();
  fmt::print(stderr, "lab: up; try: fairlead-lab{} status\n",
             options.name == "lab" ? "" : " --name " + options.name);
  return absl::OkStatus();
}

absl::Status AddNode(const Flags& flags) {
  FL_ASSIGN_OR_RETURN(const auto lab, Lab::Open(flags.up.name, Lab::Access::kChange));
  FL_ASSIGN_OR_RETURN(const std::string name, lab->AddNode());
  fmt::print("{}\n", name);
  return absl::OkStatus();
}

absl::Status RemoveNode(const Flags& flags) {
  FL_ASSIGN_OR_RETURN(const auto lab, Lab::Open(flags.up.name, Lab::Access::kChange));
  return lab->RemoveNode(flags.node);
}

absl::Status Down(const Flags& flags) {
  if (flags.abandoned) return RemoveAbandonedLabs();
  FL_RETURN_IF_ERROR(CheckLabName(flags.up.name));
  const LabFolder folder(flags.up.name);
  const auto lock = folder.Lock();
  if (!lock.ok() && !absl::IsNotFound(lock.status())) return lock.status();
  return RemoveLab(folder);
}

absl::Status Status(const Flags& flags) {
  FL_ASSIGN_OR_RETURN(const auto lab, Lab::Open(flags.up.name, Lab::Access::kLook));
  fmt::print("{:<16} {:<8} {:<16} {:<22} {}\n", "NAME", "KIND", "IPV4", "IPV6", "STATE");
  for (const Node& node : lab->nodes()) {
    fmt::print("{:<16} {:<8} {:<16} {:<22} {}\n", node.name(), "node", node.ipv4(), node.ipv6(),
               node.DaemonRuns() ? "fairleadd runs" : "fairleadd does not run");
  }
  fmt::print("{:<16} {:<8} {:<16} {:<22} {}\n", "outside", "host", kOutsideIpv4, kOutsideIpv6, "");
  FL_ASSIGN_OR_RETURN(const auto objects, lab->manifests().Read());
  for (const Object& object : objects) {
    if (KindOf(object) != "Pod") continue;
    const Pod pod(lab->folder(), object);
    const size_t processes = ProcessesIn({pod.network_namespace()}).size();
    const bool ready = TextAt(object, "/status/conditions/0/status") == "True";
    fmt::print("{:<16} {:<8} {:<16} {:<22} on {}, {}, {} processes\n", pod.name(), "pod",
               pod.ipv4(), pod.ipv6(), pod.node(), ready ? "ready" : "not ready", processes);
  }
  return absl::OkStatus();
}

absl::Status Execute(const Flags& flags) {
  if (flags.argv.empty()) return absl::InvalidArgumentError("exec WHERE -- COMMAND…");
  Command command;
  {
    FL_ASSIGN_OR_RETURN(const auto lab, Lab::Open(flags.up.name, Lab::Access::kLook));
    FL_ASSIGN_OR_RETURN(command, lab->CommandAt(flags.where, flags.argv));
  }
  return Exec(command);
}

absl::Status Logs(const Flags& flags) {
  FL_RETURN_IF_ERROR(CheckLabName(flags.up.name));
  const LabFolder folder(flags.up.name);
  auto text = ReadFile(folder.Path(flags.where + ".log"));
  if (!text.ok()) text = ReadFile(folder.Path("pods/" + flags.where + ".log"));
  if (!text.ok()) return text.status();
  fmt::print("{}", *text);
  return absl::OkStatus();
}

absl::Status AddPod(const Flags& flags) {
  Object labels = Object::object();
  std::istringstream list(flags.labels);
  for (std::string label; std::getline(list, label, ',');) {
    const size_t equals = label.find('=');
    if (equals == std::string::npos) return absl::InvalidArgumentError("not key=value: " + label);
    labels[label.substr(0, equals)] = label.substr(equals + 1);
  }
  Object containers = Object::array();
  if (!flags.argv.empty()) containers.push_back({{"name", "main"}, {"command", flags.argv}});
  FL_ASSIGN_OR_RETURN(const auto lab, Lab::Open(flags.up.name, Lab::Access::kChange));
  FL_ASSIGN_OR_RETURN(const auto pods,
                      lab->AddPods({MakePod(flags.pod, flags.node, labels, containers)}));
  fmt::print("{} {}\n", pods[0].ipv4(), pods[0].ipv6());
  return absl::OkStatus();
}

absl::Status Apply(const Flags& flags) {
  FL_ASSIGN_OR_RETURN(const auto lab, Lab::Open(flags.up.name, Lab::Access::kChange));
  return lab->Apply(flags.file).status();
}

absl::Status DeletePod(const Flags& flags) {
  FL_ASSIGN_OR_RETURN(const auto lab, Lab::Open(flags.up.name, Lab::Access::kChange));
  return lab->DeletePod(flags.pod);
}

absl::Status SetReady(const Flags& flags, bool ready) {
  FL_ASSIGN_OR_RETURN(const auto lab, Lab::Open(flags.up.name, Lab::Access::kChange));
  return lab->SetReady(flags.pod, ready);
}

absl::Status ChurnNode(const Flags& flags) {
  FL_ASSIGN_OR_RETURN(const auto lab, Lab::Open(flags.up.name, Lab::Access::kLook));
  FL_ASSIGN_OR_RETURN(const Node* node, lab->FindNode(flags.node));
  FL_ASSIGN_OR_RETURN(const Churn churn, ChurnPods(*lab, *node, flags.pods, flags.parallel));
  fmt::print("{} pods added in {:.1f} s, deleted in {:.1f} s\n", churn.pods,
             std::chrono::duration<double>(churn.adding).count(),
             std::chrono::duration<double>(churn.deleting).count());
  return absl::OkStatus();
}

absl::Status StartNode(const Flags& flags) {
  FL_ASSIGN_OR_RETURN(const auto lab, Lab::Open(flags.up.name, Lab::Access::kChange));
  FL_ASSIGN_OR_RETURN(const Node* node, lab->FindNode(flags.node));
  return lab->StartDaemon(*node);
}

absl::Status StopNode(const Flags& flags, int signal) {
  FL_ASSIGN_OR_RETURN(const auto lab, Lab::Open(flags.up.name, Lab::Access::kChange));
  FL_ASSIGN_OR_RETURN(const Node* node, lab->FindNode(flags.node));
  return lab->StopDaemon(*node, signal);
}

int Main(int argc, char** argv) {
  CLI::App app("fairlead-lab: fairlead nodes and pods on one machine, as network namespaces");
  Flags flags;
  std::function<absl::Status()> action;
  app.require_subcommand(1);
  app.fallthrough();  // --name may stand before or after the command
  app.add_option("--name", flags.up.name, "Which lab; several can be up")->capture_default_str();

  CLI::App* up = app.add_subcommand("up", "Bring a lab up; what follows -- goes to each fairleadd");
  up->add_option("--nodes", flags.up.nodes, "Number of nodes")->capture_default_str();
  up->add_option("--routing", flags.up.fabric.routing, "native, vxlan or auto")
      ->capture_default_str();
  up->add_option("--underlay", flags.up.fabric.underlay,
                 "ipv4 or ipv6: the nodes' first address, and so the tunnels'")
      ->capture_default_str();
  up->add_option("--subnets", flags.up.fabric.subnets,
                 "Number of subnets, joined by a router; nodes are dealt out in turn")
      ->capture_default_str();
  up->add_option("--network", flags.up.fabric.network,
                 "fairlead, or another network's plugin that fairleadd serves beside: bridge, ptp")
      ->capture_default_str();
  up->add_option("--manifests", flags.up.manifests, "Folder with Kubernetes manifests")
      ->check(CLI::ExistingDirectory);
  up->add_flag("--no-pods", flags.no_pods, "Without --manifests: no pods, instead of a few");
  up->add_flag("!--no-daemons", flags.up.start_daemons, "Nodes wait for `daemon start`; no pods");
  up->callback([&] { action = [&] { return Up(flags); }; });

  CLI::App* down = app.add_subcommand("down", "Take a lab down, whatever state it is in");
  down->add_flag("--abandoned", flags.abandoned, "All labs whose test died, instead of one");
  down->callback([&] { action = [&] { return Down(flags); }; });

  CLI::App* exec = app.add_subcommand("exec", "Run a command on a node, in a pod, outside, …");
  exec->footer("fairlead-lab exec NODE|POD|outside|router|wire -- COMMAND…");
  exec->add_option("where", flags.where, "Node, pod, outside, router or wire")->required();
  exec->callback([&] { action = [&] { return Execute(flags); }; });

  CLI::App* status = app.add_subcommand("status", "Show nodes and pods");
  status->callback([&] { action = [&] { return Status(flags); }; });

  CLI::App* logs = app.add_subcommand("logs", "Print the log of a node's daemon or of a pod");
  logs->add_option("where", flags.where, "Node or pod")->required();
  logs->callback([&] { action = [&] { return Logs(flags); }; });

  CLI::App* apply = app.add_subcommand("apply", "Take over a manifest and make the pods in it");
  apply->add_option("file", flags.file)->required()->check(CLI::ExistingFile);
  apply->callback([&] { action = [&] { return Apply(flags); }; });

  CLI::App* pod = app.add_subcommand("pod", "Add, remove, or take a pod out of its Services");
  pod->require_subcommand(1);
  CLI::App* add = pod->add_subcommand("add", "Add a pod; what follows -- runs in it");
  add->add_option("--node", flags.node)->required();
  add->add_option("--labels", flags.labels, "key=value,key=value,…");
  add->add_option("pod", flags.pod)->required();
  add->callback([&] { action = [&] { return AddPod(flags); }; });
  const auto on_pod = [&](const char* name, const char* help, std::function<absl::Status()> what) {
    CLI::App* command = pod->add_subcommand(name, help);
    command->add_option("pod", flags.pod)->required();
    command->callback([&action, what = std::move(what)] { action = what; });
  };
  on_pod("delete", "Remove a pod", [&] { return DeletePod(flags); });
  on_pod("unready", "Take it out of its Services' endpoints",
         [&] { return SetReady(flags, false); });
  on_pod("ready", "Put it back", [&] { return SetReady(flags, true); });

  CLI::App* node = app.add_subcommand("node", "Let a node join, or leave without a word");
  node->require_subcommand(1);
  node->add_subcommand("add", "One more node of the next number")->callback([&] {
    action = [&] { return AddNode(flags); };
  });
  CLI::App* remove = node->add_subcommand("remove", "Switch a node off and delete its object");
  remove->add_option("node", flags.node)->required();
  remove->callback([&] { action = [&] { return RemoveNode(flags); }; });

  CLI::App* churn = node->add_subcommand("churn", "Add many pods in parallel and delete them");
  churn->add_option("--pods", flags.pods)->check(CLI::Range(1, 4096))->capture_default_str();
  churn->add_option("--parallel", flags.parallel)->check(CLI::Range(1, 256))->capture_default_str();
  churn->add_option("node", flags.node)->required();
  churn->callback([&] { action = [&] { return ChurnNode(flags); }; });

  CLI::App* daemon = app.add_subcommand("daemon", "Start and stop the daemon of a node");
  daemon->require_subcommand(1);
  const auto on_daemon = [&](const char* name, const char* help,
                             std::function<absl::Status()> what) {
    CLI::App* command = daemon->add_subcommand(name, help);
    command->add_option("node", flags.node)->required();
    command->callback([&action, what = std::move(what)] { action = what; });
  };
  on_daemon("start", "Start it and wait until it serves", [&] { return StartNode(flags); });
  on_daemon("stop", "Stop it with SIGTERM", [&] { return StopNode(flags, SIGTERM); });
  on_daemon("kill", "Stop it with SIGKILL", [&] { return StopNode(flags, SIGKILL); });

  // CLI11 must not see the command to execute: its flags are not ours.
  char** const end = argv + argc;
  char** const dashes = std::find(argv, end, std::string_view("--"));
  if (dashes != end) flags.argv.assign(dashes + 1, end);
  try {
    app.parse(static_cast<int>(dashes - argv), argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  WatchForInterrupts();
  const absl::Status result = action();
  if (result.ok()) return 0;
  fmt::print(stderr, "fairlead-lab: {}\n", std::string(result.message()));
  return Interrupted() ? 130 : 1;
}

}  // namespace
}  // namespace fairlead::lab

int main(int argc, char** argv) { return fairlead::lab::Main(argc, argv); }
