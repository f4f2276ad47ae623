// SPDX-License-Identifier: Apache-2.0
//
// For tests: a PodDataplane that writes down what it was told, and fails when
// it is told to.
#ifndef FAIRLEAD_LOADER_PODS_RECORDING_DATAPLANE_H_
#define FAIRLEAD_LOADER_PODS_RECORDING_DATAPLANE_H_

#include <atomic>
#include <map>
#include <mutex>
#include <string>

#include "loader/pods/local_pod.h"

namespace fairlead::testing {

class RecordingDataplane : public PodDataplane {
 public:
  absl::Status AddPod(const LocalPod& pod) override {
    if (fail_add) return absl::InternalError("the dataplane was told to fail");
    const std::lock_guard lock(mutex_);
    pods_[pod.slot] = pod;
    return absl::OkStatus();
  }
  absl::Status RemovePod(const LocalPod& pod) override {
    if (fail_remove) return absl::InternalError("the dataplane was told to fail");
    const std::lock_guard lock(mutex_);
    pods_.erase(pod.slot);
    return absl::OkStatus();
  }

  absl::Status CheckPod(const LocalPod& pod) override {
    const std::lock_guard lock(mutex_);
    return pods_.contains(pod.slot) ? absl::OkStatus()
                                    : absl::FailedPreconditionError("the tables do not know it");
  }
  absl::Status CheckNode() override {
    return limited ? absl::FailedPreconditionError("told to be limited") : absl::OkStatus();
  }
  absl::Status SetMtu(const LocalPod& pod) override { return AddPod(pod); }

  void ForgetDevice(const LocalPod&) override {}

  std::map<uint32_t, LocalPod> pods() const {
    const std::lock_guard lock(mutex_);
    return pods_;
  }

  std::atomic<bool> fail_add = false;
  std::atomic<bool> fail_remove = false;
  std::atomic<bool> limited = false;

 private:
  mutable std::mutex mutex_;
  std::map<uint32_t, LocalPod> pods_;
};

}  // namespace fairlead::testing

#endif  // FAIRLEAD_LOADER_PODS_RECORDING_DATAPLANE_H_
