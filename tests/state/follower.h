// SPDX-License-Identifier: Apache-2.0
//
// What fairleadd has between an API server and its tables, without the daemon:
// the real transport, the real reflectors, and the planner. Time runs faster for
// it, so that a test does not wait half a minute for a backoff.
#ifndef FAIRLEAD_TESTS_STATE_FOLLOWER_H_
#define FAIRLEAD_TESTS_STATE_FOLLOWER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "loader/api/api_source.h"
#include "loader/api/http_transport.h"
#include "loader/api/timer_clock.h"
#include "tests/state/planned_node.h"

namespace fairlead::testing {

// Another clock's time, `factor` times as fast.
class FastClock : public api::Clock {
 public:
  FastClock(api::Clock& clock, int factor) : clock_(clock), factor_(factor), begin_(clock.Now()) {}

  Time Now() const override { return begin_ + (clock_.Now() - begin_) * factor_; }
  std::unique_ptr<api::Alarm> After(std::chrono::nanoseconds delay,
                                    std::function<void()> ring) override {
    return clock_.After(delay / factor_, std::move(ring));
  }

 private:
  api::Clock& clock_;
  int factor_;
  Time begin_;
};

class Follower {
 public:
  static api::Needs AllNeeds();

  Follower(const std::string& kubeconfig, uint64_t seed);

  // Does what is to be done, for so long; until `done`, or false if that takes too long.
  void RunFor(std::chrono::milliseconds time);
  bool RunUntil(const std::function<bool()>& done);

  // Every kind has heard of this version.
  bool HasReached(const std::string& version) const;
  std::string Describe() const;  // versions and problems, for people

  const kube::ObjectStore& store() const { return store_; }
  PlannedNode::View Read() const { return node_.Read(); }

 private:
  void Turn(int milliseconds);
  void Changed();

  std::unique_ptr<api::TimerClock> timers_;
  FastClock clock_;
  std::unique_ptr<api::HttpTransport> transport_;
  kube::ObjectStore store_;
  PlannedNode node_;
  bool begun_ = false;
  std::optional<api::ApiSource> source_;
};

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_STATE_FOLLOWER_H_
