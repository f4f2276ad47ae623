// SPDX-License-Identifier: Apache-2.0
#include "loader/kernel/map_set.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <vector>

#include "base/errno_status.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "loader/kernel/bpf_object.h"
#include "loader/kernel/embedded_objects.h"
#include "maps/abi/limits_abi.h"
#include "maps/layout.h"

namespace fairlead {
namespace {

uint32_t EntriesOf(const std::string& name, const MapSizes& sizes) {
  const std::string stem = name.substr(0, name.find_last_not_of("46") + 1);
  if (stem == "flows" || stem == "free_flows") return sizes.flows;
  if (stem == "flow_index") return 2 * sizes.flows;
  if (stem == "half_open") return sizes.half_open_buckets;
  if (stem == "services") return sizes.services;
  if (stem == "runs") return sizes.runs;
  if (stem == "backends" || stem == "backend_flows") return sizes.backends;
  if (stem == "prefixes") return 4 * FL_MAX_NODES + sizes.services;
  return 0;  // as the program says
}

// What declares every table of a family.
std::vector<const EmbeddedObject*> Catalogue(Family family) {
  return {&EmbeddedObjects()[family == Family::kIpv4 ? 0 : 1], &SocketObject(family)};
}

// A table whose size the programs say, pinned by another version with another one. Counters are
// begun anew: whoever reads them knows resets. Programs that still run keep the old ones.
absl::Status CheckFixedSize(const BpfMap& pinned, uint32_t entries, const std::string& pin) {
  if (pinned.max_entries() == entries) return absl::OkStatus();
  if (pinned.name() != "counters") {
    return absl::FailedPreconditionError(
        fmt::format("map {} was made by another version: {} entries, not {}", pinned.name(),
                    pinned.max_entries(), entries));
  }
  LogInfo("table counters has {} entries, {} are needed: it begins anew", pinned.max_entries(),
          entries);
  if (::unlink(pin.c_str()) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, "remove " + pin);
}

void NoteSmaller(const BpfMap& pinned, uint32_t entries) {
  if (pinned.max_entries() >= entries) return;
  LogWarn(
      "table {} keeps its {} entries, {} were asked for: it is made anew after a reboot, or "
      "`fairleadd cleanup` (with --mode full it removes pods' interfaces: drain the node first)",
      pinned.name(), pinned.max_entries(), entries);
}

// Sets size and pin of each map; nothing is loaded yet.
absl::Status PrepareMaps(const BpfObject& object, const MapSizes& sizes,
                         const std::string& pin_directory, bool& adopted) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object.get()) {
    const std::string name = bpf_map__name(map);
    if (name.starts_with("tail_calls") || IsOfProgram(name)) continue;
    uint32_t entries = EntriesOf(name, sizes);
    const std::string pin = pin_directory + "/" + name;
    if (!pin_directory.empty()) {
      if (access(pin.c_str(), F_OK) == 0) {
        FL_ASSIGN_OR_RETURN(const BpfMap pinned, BpfMap::OpenPinned(pin));
        FL_RETURN_IF_ERROR(CheckMapLayout(pinned));
        if (entries == 0) {
          FL_RETURN_IF_ERROR(CheckFixedSize(pinned, bpf_map__max_entries(map), pin));
        } else {
          NoteSmaller(pinned, entries);
          entries = pinned.max_entries();
        }
        adopted = adopted || name.starts_with("flow_index");
      }
      bpf_map__set_pin_path(map, pin.c_str());
    }
    if (entries != 0) bpf_map__set_max_entries(map, entries);
  }
  return absl::OkStatus();
}

// The numbers 0 … n-1, so that the programs can hand them out. A run that died
// while it did this has left some; no program runs before the seed is drawn.
absl::Status FillFreeFlows(const BpfMap& queue, uint32_t flows) {
  uint32_t stale = 0;
  while (bpf_map_lookup_and_delete_elem(queue.fd(), nullptr, &stale) == 0) {
  }
  for (uint32_t number = 0; number < std::min(flows, queue.max_entries()); ++number) {
    if (bpf_map_update_elem(queue.fd(), nullptr, &number, BPF_ANY) != 0) {
      return ErrnoStatus(errno, "fill " + queue.name());
    }
  }
  return absl::OkStatus();
}

}  // namespace

bool IsOfProgram(const std::string& map) {
  return map == "next_family" || map.starts_with("wire_hops") ||
         map.starts_with("port_shortages") || map.find(".rodata") != std::string::npos;
}

absl::StatusOr<MapSet> MapSet::Create(const MapSizes& sizes, const std::string& pin_directory) {
  if (!std::has_single_bit(sizes.half_open_buckets)) {
    return absl::InvalidArgumentError(
        fmt::format("half-open buckets must be a power of two, not {}", sizes.half_open_buckets));
  }
  MapSet set;
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    for (const EmbeddedObject* embedded : Catalogue(family)) {
      FL_RETURN_IF_ERROR(set.AddMapsOf(*embedded, sizes, pin_directory));
    }
  }
  FL_ASSIGN_OR_RETURN(Tables tables, set.Open());
  FL_RETURN_IF_ERROR(set.Prepare(tables));
  return set;
}

// The object is opened for its maps; its programs are loaded elsewhere.
absl::Status MapSet::AddMapsOf(const EmbeddedObject& embedded, const MapSizes& sizes,
                               const std::string& pin_directory) {
  FL_ASSIGN_OR_RETURN(BpfObject object, BpfObject::Open("catalogue", embedded.elf));
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object.get()) { bpf_program__set_autoload(program, false); }
  FL_RETURN_IF_ERROR(PrepareMaps(object, sizes, pin_directory, adopted_));
  for (const auto& [name, map] : maps_) {
    // What an object before it has made and this one shares.
    if (bpf_object__find_map_by_name(object.get(), name.c_str()) != nullptr) {
      FL_RETURN_IF_ERROR(object.UseMap(name, map.fd()));
    }
  }
  FL_RETURN_IF_ERROR(object.Load());
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object.get()) {
    const std::string name = bpf_map__name(map);
    if (name.starts_with("tail_calls") || IsOfProgram(name) || maps_.contains(name)) continue;
    FL_ASSIGN_OR_RETURN(BpfMap owned,
                        BpfMap::FromFd(UniqueFd(fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 0))));
    maps_.emplace(name, std::move(owned));
  }
  return absl::OkStatus();
}

absl::StatusOr<Tables> MapSet::Open() const {
  return OpenTables(
      [this](const std::string& name) -> absl::StatusOr<BpfMap> {
        const auto found = maps_.find(name);
        if (found == maps_.end()) return absl::NotFoundError("no map " + name);
        return found->second.Duplicate();
      },
      /*writable=*/true);
}

// A seed of zero marks a map nobody has prepared: a run that died in between is
// completed by the next.
absl::Status MapSet::Prepare(Tables& tables) const {
  uint64_t seed = 0;
  if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) return ErrnoStatus(errno, "draw a seed");
  if (tables.v4.node_state[0].hash_seed == 0) {
    FL_RETURN_IF_ERROR(FillFreeFlows(tables.v4.free_flows, tables.v4.flows.size()));
    tables.v4.node_state[0].hash_seed = seed | 1;
  }
  if (tables.v6.node_state[0].hash_seed == 0) {
    FL_RETURN_IF_ERROR(FillFreeFlows(tables.v6.free_flows, tables.v6.flows.size()));
    tables.v6.node_state[0].hash_seed = seed | 1;
  }
  return absl::OkStatus();
}

}  // namespace fairlead
