// SPDX-License-Identifier: Apache-2.0
//
// See follower.h.
#include "tests/state/follower.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>

#include "loader/api/cluster_access.h"
#include "loader/netlink/scratch_netns.h"

namespace fairlead::testing {
namespace {

constexpr int kFactor = 50;
constexpr std::chrono::milliseconds kConnectLimit{1000};  // curl keeps real time
constexpr std::chrono::seconds kPatience{120};            // of a busy machine

}  // namespace

api::Needs Follower::AllNeeds() {
  return {.node_name = PlannedNode::kName, .all_nodes = true, .policies = true};
}

Follower::Follower(const std::string& kubeconfig, uint64_t seed)
    : timers_(Must(api::TimerClock::Create())),
      clock_(*timers_, kFactor),
      transport_(Must(
          api::HttpTransport::Create(Must(api::FindAccess({.kubeconfig = kubeconfig})), clock_,
                                     {.user_agent = "follower", .connect_limit = kConnectLimit}))) {
  source_.emplace(AllNeeds(), *transport_, clock_, store_, seed,
                  [this](const api::Reflector& /*by*/) { Changed(); });
  source_->Start();
}

void Follower::Changed() {
  const kube::ObjectChanges changes = store_.TakeChanges();
  if (std::exchange(begun_, true)) {
    node_.Follow(store_, changes);
  } else {
    node_.ApplyAll(store_);
  }
}

void Follower::Turn(int milliseconds) {
  std::array<pollfd, 2> watched = {pollfd{timers_->fd(), POLLIN, 0},
                                   pollfd{transport_->fd(), POLLIN, 0}};
  ::poll(watched.data(), watched.size(), milliseconds);
  if (watched[0].revents != 0) timers_->ReadReady();
  if (watched[1].revents != 0) transport_->ReadReady();
}

void Follower::RunFor(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  do {
    Turn(0);
  } while (std::chrono::steady_clock::now() < end);
}

bool Follower::RunUntil(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    Turn(10);
  }
  return true;
}

bool Follower::HasReached(const std::string& version) const {
  return source_->synced() &&
         std::ranges::all_of(source_->reflectors(), [&version](const auto& reflector) {
           return reflector->version() == version;
         });
}

std::string Follower::Describe() const {
  std::string text;
  for (const auto& reflector : source_->reflectors()) {
    text += fmt::format("{} at {}; ", reflector->resource().name, reflector->version());
  }
  for (const std::string& problem : source_->problems()) text += problem + "; ";
  return text;
}

}  // namespace fairlead::testing
