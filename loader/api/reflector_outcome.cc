// SPDX-License-Identifier: Apache-2.0
//
// Reflector's share in answers that have ended: what comes next, and when.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "loader/api/reflector.h"

namespace fairlead::api {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr int kMostRefusedWatches = 3;
constexpr seconds kShortestGoodWatch{1};

constexpr int kBadRequest = 400;
constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kNotFound = 404;
constexpr int kUnprocessable = 422;
constexpr int kTooManyRequests = 429;
constexpr int kInternal = 500;

bool IsBadRequest(int code) { return code == kBadRequest || code == kUnprocessable; }

}  // namespace

void Reflector::Finished() {
  if (asked_ == Asked::kPage) return PageFinished();
  if (needs_list_) {
    streams_lists_ = false;
    return Failed("the streamed list has ended too early; it will be listed by pages");
  }
  if (WasDeaf()) {
    needs_list_ = true;
    return Proceed();
  }
  // The server's timeout, if it has not come at once.
  const bool was_good =
      counts_.events != events_before_ || clock_.Now() - asked_at_ >= kShortestGoodWatch;
  if (was_good) return AskWatch();
  Failed("the watch has ended at once");
}

void Reflector::PageFinished() {
  const auto list = parser_.Parse(splitter_->envelope());
  if (!list.ok()) return Failed(fmt::format("the list {}", std::string(list.status().message())));
  const kube::JsonValue metadata = list->Find("metadata");
  const std::string_view version = metadata.TextOf("resourceVersion");
  if (!splitter_->has_items() || version.empty()) {
    return Failed(
        fmt::format("the list has no {}", version.empty() ? "metadata.resourceVersion" : "items"));
  }
  next_page_ = metadata.TextOf("continue");
  if (!next_page_.empty()) return AskPage();
  ListCompleted(std::string(version));
  AskWatch();
}

void Reflector::ListCompleted(std::string version) {
  version_ = std::move(version);
  version_lost_ = needs_list_ = whole_ = false;
  initial_events_.reset();
  ++counts_.lists;
  SetProblem("");
  absl::erase_if(broken_, [this](const auto& one) {
    return !listing_->Has(one.first) && !(one.first.name.empty() && listing_->keeps_all());
  });
  complete_ = true;
  if (published_) Commit();
}

void Reflector::Failed(std::string_view reason) {
  ++counts_.failures;
  SetProblem(fmt::format("cannot {} {}: {}", verb(), resource_.name, reason));
  if (WasDeaf()) needs_list_ = true;
  WaitAndProceed();
}

// A server that came back from a backup says nothing to a watch from a version that it has not
// reached yet, not even a bookmark; otherwise there is one every minute. A list tells.
bool Reflector::WasDeaf() const {
  return asked_ == Asked::kWatch && head_.ok() && counts_.events == events_before_ &&
         clock_.Now() - asked_at_ >= kShortestWatch;
}

void Reflector::Refused(const ServerStatus& status) {
  ++counts_.failures;
  const bool lists = needs_list_;
  if (status.version_too_large) return VersionLost();
  if (status.expired()) {
    if (lists && next_page_.empty()) return VersionLost();
    // A token: the one that the server offers instead leads to a list of two different times.
    whole_ = lists;
    needs_list_ = true;
    return lists ? Proceed() : WaitAndProceed();
  }
  // Not every server can select Services by their address. The selector only saves bytes.
  if (lists && IsBadRequest(status.code) && !resource_.field_selector.empty() &&
      status.message.find("field label not supported") != std::string::npos) {
    resource_.field_selector.clear();
    return Proceed();
  }
  // Also a server that could, but whose storage cannot: it says so by an ERROR event.
  if (asked_ == Asked::kStreamedList && lists &&
      (IsBadRequest(status.code) || (head_.ok() && status.code == kInternal))) {
    LogInfo("{}: lists come by pages: {}", resource_.name, status.ToString());
    streams_lists_ = false;
    return Proceed();
  }
  if (status.code == kNotFound && resource_.may_be_absent) {
    needs_list_ = true;
    refused_lists_ = kMostRefusedLists;
    SetProblem("");
    return Wait(backoff_.WithJitter(kAbsentAgain));
  }
  if (lists && status.code == kForbidden) ++refused_lists_;
  std::string problem = fmt::format("cannot {} {}: ", verb(), resource_.name);
  if (status.code == kForbidden) {
    problem += fmt::format("needs the verb \"{}\" on {}: ", verb(), resource_.InRbac());
  } else if (status.code == kUnauthorized) {
    problem += "the credentials are refused: ";
  }
  SetProblem(problem + status.ToString());
  // A busy server is not asked for more.
  const bool is_busy = status.code == kTooManyRequests;
  if (!lists && !is_busy && ++refused_watches_ >= kMostRefusedWatches) needs_list_ = true;
  if (IsBadRequest(status.code)) version_lost_ = needs_list_ = true;
  WaitAndProceed(std::min<seconds>(status.retry_after, kLongestRetryAfter));
}

// Once there is no other way than to take what the server has; if that is refused too, it can wait.
void Reflector::VersionLost() {
  needs_list_ = true;
  if (std::exchange(version_lost_, true)) return WaitAndProceed();
  LogInfo("{}: the server does not know version {}: listing anew", resource_.name, version_);
  Proceed();
}

void Reflector::WaitAndProceed(nanoseconds least) {
  Wait(std::max(backoff_.Next(clock_.Now()), least));
}

void Reflector::Wait(nanoseconds time) {
  initial_events_.reset();
  alarm_ = clock_.After(time, [this] { Proceed(); });
}

void Reflector::SetProblem(std::string problem) {
  if (problem == problem_) return;
  if (problem.empty()) {
    LogInfo("{}: the API server answers again", resource_.name);
  } else {
    LogWarn("{}", problem);
  }
  problem_ = std::move(problem);
}

}  // namespace fairlead::api
