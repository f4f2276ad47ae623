// SPDX-License-Identifier: Apache-2.0
//
// Dataplane: everything of this node that is in the kernel's BPF: maps made or
// adopted, programs loaded over them, hooks attached. It stays when the daemon
// goes; the next one finds it by its pins and takes it over.
#ifndef FAIRLEAD_LOADER_DAEMON_DATAPLANE_H_
#define FAIRLEAD_LOADER_DAEMON_DATAPLANE_H_

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "loader/apply/flow_import.h"
#include "loader/apply/node_tables.h"
#include "loader/apply/pod_table.h"
#include "loader/apply/service_tables.h"
#include "loader/attach/hook_links.h"
#include "loader/daemon/options.h"
#include "loader/daemon/room_keeper.h"
#include "loader/daemon/wire_hooks.h"
#include "loader/kernel/clock.h"
#include "loader/kernel/map_set.h"
#include "loader/kernel/programs.h"
#include "loader/metrics/dataplane_metrics.h"
#include "loader/pods/local_pod.h"
#include "maps/conntrack/flow_sweep.h"

namespace fairlead {

class Dataplane : public PodDataplane {
 public:
  static absl::StatusOr<std::unique_ptr<Dataplane>> Create(const Options& options);

  absl::Status AddPod(const LocalPod& pod) override;
  absl::Status RemovePod(const LocalPod& pod) override;
  absl::Status CheckPod(const LocalPod& pod) override;
  absl::Status CheckNode() override;
  absl::Status SetMtu(const LocalPod& pod) override;
  void ForgetDevice(const LocalPod& pod) override;

  // After a restart: pods that still live get our programs, all others go.
  absl::Status KeepPods(const std::vector<LocalPod>& pods);
  absl::Status ApplyServices(const plan::ServicePlan& plan, apply::Unasked unasked) {
    return services_.Apply(plan, unasked);
  }
  absl::Status ApplyServicePorts(const std::set<plan::ServicePortName>& names,
                                 const plan::ServicePlan& plan) {
    return services_.ApplyOnly(names, plan);
  }
  // Also attaches to new uplinks, the tunnel device and devices of another network's pods, and
  // detaches from those that are none any more.
  absl::Status ApplyNodes(const apply::NodeFacts& facts, apply::Unasked unasked,
                          const std::set<uint32_t>& guests);
  // Why there is no room for fragments out of order; "": there is one.
  const std::string& room_problem() const { return room_.problem(); }
  // Attaches again what somebody has taken off a pod's device or an uplink, and returns its
  // names. A device that is gone has lost nothing.
  absl::StatusOr<std::vector<std::string>> RepairHooks(uint32_t ifindex);
  // The programs attached now are ours alone: their tail calls replace the pins
  // of the run before, and what another layout has left goes. To be called once every hook has
  // been attached.
  absl::Status FinishTakeover();
  // fairlead_*, as the tables say now.
  absl::StatusOr<metrics::Families> ReadMetrics() const {
    return metrics::ReadDataplane(tables_, pin_dir_);
  }
  // Another proxy's connections become flows of ours.
  absl::StatusOr<apply::ImportReport> ImportFlows(const std::vector<plan::LiveFlow>& flows);
  // A slice of the flow tables, to release what has expired.
  absl::Status SweepFlows();

  // Whom the process of this socket has named, that on_connect has sent to `peer`; nullopt: nobody.
  absl::StatusOr<std::optional<Endpoint>> NamedPeer(uint64_t cookie, const Endpoint& peer) const;

  // Connections of pods, by slot, that found no source port for the world.
  const MappedArray<uint32_t>& snat_refused() const { return tables_.snat_refused; }

  const std::map<std::string, uint32_t>& node_slots() const { return nodes_.slots(); }

 private:
  absl::StatusOr<uint32_t> OpenRoom() const;
  absl::Status AttachGuests(const std::set<uint32_t>& devices);
  Dataplane(std::string pin_dir, Tables tables)
      : pin_dir_(std::move(pin_dir)), tables_(std::move(tables)) {}

  std::string pin_dir_;
  std::string limits_ = "its network has not been looked at yet";  // of pods; "": none
  Tables tables_;
  std::optional<Programs> programs_;
  std::optional<attach::HookLinks> links_;
  std::set<uint32_t> guests_;  // devices that have the hooks of another network's pods
  std::optional<WireHooks> wire_;
  FlowClock clock_;
  RoomKeeper room_{[this] { return OpenRoom(); }};
  apply::ServiceTables services_;
  apply::NodeTables nodes_;
  std::optional<FlowSweep<Abi4>> sweep4_;
  std::optional<FlowSweep<Abi6>> sweep6_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_DATAPLANE_H_
