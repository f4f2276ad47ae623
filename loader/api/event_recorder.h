// SPDX-License-Identifier: Apache-2.0
//
// Kubernetes Events, as kube-proxy and CNIs emit them: for people who look at an
// object and wonder. They are worth little, so they may cost little: what was said
// is not said again for an hour, few are sent in a row, few wait, and who may not
// send any stops.
#ifndef FAIRLEAD_LOADER_API_EVENT_RECORDER_H_
#define FAIRLEAD_LOADER_API_EVENT_RECORDER_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "loader/api/clock.h"
#include "loader/api/patient_request.h"
#include "loader/api/transport.h"
#include "loader/kube/object_meta.h"

namespace fairlead::api {

struct Event {
  kube::ObjectRef about;
  std::string uid = {};  // of it, if known; of a Node its name, as kubelets do
  bool warning = false;
  std::string reason;  // "FailedToStartServiceHealthcheck"
  std::string action;  // "StartServiceHealthcheck"
  std::string note;
};

class EventRecorder {
 public:
  static constexpr std::chrono::hours kNotAgainFor{1};
  static constexpr int kMostInARow = 20;
  static constexpr std::chrono::seconds kPerFurther{30};
  static constexpr size_t kMostWaiting = 32;
  static constexpr size_t kMostRemembered = 1024;

  // Both must outlive it.
  EventRecorder(Transport& transport, Clock& clock, std::string node_name, uint64_t seed)
      : transport_(transport), clock_(clock), node_name_(std::move(node_name)), seed_(seed) {}

  // Perhaps. Never fails, and never from within is anything called.
  void Record(const Event& event);

 private:
  bool IsNew(const Event& event);
  bool TakeAllowance();
  void SendNext();

  Transport& transport_;
  Clock& clock_;
  const std::string node_name_;
  uint64_t seed_;
  bool refused_ = false;
  double allowance_ = kMostInARow;
  Clock::Time allowed_at_ = {};
  uint64_t sent_ = 0;
  std::map<std::string, Clock::Time> said_;
  std::deque<Request> waiting_;  // the first one is on its way, if request_ is there
  std::unique_ptr<PatientRequest> request_;
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_EVENT_RECORDER_H_
