// SPDX-License-Identifier: Apache-2.0
//
// For tests: a node as a daemon leaves it behind, small, pinned in a bpffs of
// its own. The mount lives in a mount namespace of this process and goes with
// it, however the test ends.
#ifndef FAIRLEAD_CLI_SCRATCH_PINS_H_
#define FAIRLEAD_CLI_SCRATCH_PINS_H_

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <optional>
#include <string>

#include "loader/kernel/map_set.h"
#include "loader/netlink/scratch_netns.h"

namespace fairlead::testing {

class ScratchPins {
 public:
  static constexpr MapSizes kSmall = {
      .flows = 64, .half_open_buckets = 16, .services = 8, .runs = 16, .backends = 16};

  ScratchPins() {
    if (unshare(CLONE_NEWNS) != 0 || mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("bpf", bpffs().c_str(), "bpf", 0, "mode=0700") != 0 ||
        mkdir(pins().c_str(), 0700) != 0) {
      std::abort();
    }
  }
  ~ScratchPins() { umount2(bpffs().c_str(), MNT_DETACH); }
  ScratchPins(const ScratchPins&) = delete;
  ScratchPins& operator=(const ScratchPins&) = delete;

  // Makes and pins the maps; before this the node is empty.
  void MakeMaps() {
    maps_.emplace(Must(MapSet::Create(kSmall, pins())));
    tables_.emplace(Must(maps_->Open()));
  }

  const std::string& bpffs() const { return directory_.path(); }
  std::string pins() const { return bpffs() + "/" FL_LAYOUT_VERSION; }
  const MapSet& maps() const { return *maps_; }
  Tables& tables() { return *tables_; }

 private:
  ScratchDirectory directory_;
  std::optional<MapSet> maps_;
  std::optional<Tables> tables_;
};

}  // namespace fairlead::testing

#endif  // FAIRLEAD_CLI_SCRATCH_PINS_H_
