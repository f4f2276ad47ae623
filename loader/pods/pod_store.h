// SPDX-License-Identifier: Apache-2.0
//
// The attached pods on disk: STATE_DIR/pods.json (0600, directory 0700),
// replaced as a whole so that kill -9 at any moment leaves the state before or
// after a change. A damaged file is an error that says what to do; it is never
// taken for "no pods", because then their addresses would be given out twice.
#ifndef FAIRLEAD_LOADER_PODS_POD_STORE_H_
#define FAIRLEAD_LOADER_PODS_POD_STORE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"
#include "loader/pods/local_pod.h"

namespace fairlead {

struct PodState {
  std::vector<LocalPod> pods;
  // What came back most recently, longest ago first, so that a restart does
  // not give it out at once.
  std::vector<uint32_t> freed_slots;
  std::vector<IpAddress> freed_addresses;

  friend bool operator==(const PodState&, const PodState&) = default;
};

class PodStore {
 public:
  // Makes the directory if it is not there.
  static absl::StatusOr<PodStore> Open(const std::string& state_dir);

  // No file: no pods. DataLoss: the file is damaged.
  absl::StatusOr<PodState> Load() const;
  absl::Status Save(const PodState& state) const;

  const std::string& path() const { return path_; }

 private:
  explicit PodStore(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_PODS_POD_STORE_H_
