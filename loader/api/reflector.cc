// SPDX-License-Identifier: Apache-2.0
//
// What a reflector asks for, and how it hears the answer.
#include "loader/api/reflector.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace fairlead::api {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr size_t kMostErrorBytes = size_t{64} << 10;

}  // namespace

Reflector::Reflector(Resource resource, Transport& transport, Clock& clock,
                     kube::ObjectStore& store, uint64_t seed, std::function<void()> heard)
    : resource_(std::move(resource)),
      transport_(transport),
      clock_(clock),
      store_(store),
      heard_(std::move(heard)),
      backoff_(seed) {}

void Reflector::Publish() {
  published_ = true;
  if (complete_) Commit();
}

void Reflector::Commit() {
  complete_ = false;
  listing_->Commit();
  listing_.reset();
}

void Reflector::Proceed() {
  if (!needs_list_) return AskWatch();
  listing_.emplace(resource_.kind, store_);
  complete_ = false;
  next_page_.clear();
  if (streams_lists_) return AskStreamedList();
  AskPage();
}

// As client-go does: the first list may be what the server has in its cache, later ones must not be
// older than what is known; those, and what a server lists for the second time since a token has
// expired, are not cut into pages, as pages would come from etcd.
void Reflector::AskPage() {
  std::vector<std::pair<std::string_view, std::string>> query;
  if (!next_page_.empty()) {
    query = {{"limit", std::to_string(kPageSize)}, {"continue", next_page_}};
  } else {
    const std::string from = version_.empty() ? "0" : version_;
    if (!whole_ && (version_lost_ || version_.empty())) {
      query.emplace_back("limit", std::to_string(kPageSize));
    }
    query.emplace_back("resourceVersion", version_lost_ ? "" : from);
  }
  Ask(Asked::kPage, resource_.Target(query), kListQuiet);
}

void Reflector::AskStreamedList() {
  const seconds time = WatchTime();
  Ask(Asked::kStreamedList,
      resource_.Target({{"watch", "true"},
                        {"sendInitialEvents", "true"},
                        {"resourceVersionMatch", "NotOlderThan"},
                        {"resourceVersion", version_lost_ ? "" : version_},
                        {"allowWatchBookmarks", "true"},
                        {"timeoutSeconds", std::to_string(time.count())}}),
      time + kWatchGrace);
  ++counts_.watches;
}

void Reflector::AskWatch() {
  const seconds time = WatchTime();
  Ask(Asked::kWatch,
      resource_.Target({{"watch", "true"},
                        {"resourceVersion", version_},
                        {"allowWatchBookmarks", "true"},
                        {"timeoutSeconds", std::to_string(time.count())}}),
      time + kWatchGrace);
  ++counts_.watches;
}

void Reflector::Ask(Asked what, std::string target, seconds quiet_limit) {
  asked_ = what;
  head_ = {};
  error_body_.clear();
  failure_.clear();
  error_event_.reset();
  events_before_ = counts_.events;
  splitter_.emplace(what == Asked::kPage ? JsonSplitter::Layout::kList
                                         : JsonSplitter::Layout::kEvents);
  asked_at_ = heard_at_ = clock_.Now();
  Request request;
  request.target = std::move(target);
  request.quiet_limit = quiet_limit;
  request.begin_limit = kListQuiet;
  exchange_ = transport_.Send(std::move(request), *this);
}

// By chance, so that the watches of all nodes do not end together.
seconds Reflector::WatchTime() {
  return std::chrono::duration_cast<seconds>(backoff_.WithJitter(kShortestWatch));
}

// A server that does not know sendInitialEvents takes it for an ordinary watch: it sends what there
// is, and then never says that this was all.
void Reflector::GuardInitialEvents() {
  const nanoseconds rest = heard_at_ + kListQuiet - clock_.Now();
  initial_events_ = clock_.After(rest, [this] {
    if (clock_.Now() - heard_at_ < kListQuiet) return GuardInitialEvents();
    exchange_.reset();
    streams_lists_ = false;
    Failed("the streamed list has no end; it will be listed by pages");
    heard_();
  });
}

void Reflector::Begin(const ResponseHead& head) {
  head_ = head;
  heard_at_ = clock_.Now();
  if (!head.ok()) return;
  refused_lists_ = 0;
  if (asked_ == Asked::kWatch) SetProblem("");
  if (asked_ == Asked::kStreamedList) GuardInitialEvents();
}

void Reflector::Receive(std::string_view bytes) {
  counts_.bytes += bytes.size();
  heard_at_ = clock_.Now();
  if (!head_.ok()) {
    error_body_.append(
        bytes.substr(0, kMostErrorBytes - std::min(kMostErrorBytes, error_body_.size())));
    return;
  }
  const absl::Status fed =
      splitter_->Feed(bytes, [this](std::string_view text) { return Take(text); });
  if (error_event_.has_value()) {
    exchange_.reset();
    const ServerStatus status = *std::exchange(error_event_, std::nullopt);
    Refused(status);
  } else if (!fed.ok() || !failure_.empty()) {
    exchange_.reset();
    Failed(fed.ok() ? failure_ : std::string(fed.message()));
  }
  heard_();
}

void Reflector::End(const absl::Status& status) {
  exchange_.reset();
  if (head_.code != 0 && !head_.ok()) {
    ServerStatus refusal = ReadServerStatus(head_.code, std::move(error_body_), parser_);
    refusal.retry_after = std::max(refusal.retry_after, head_.retry_after.value_or(seconds(0)));
    Refused(refusal);
  } else if (!status.ok()) {
    Failed(std::string(status.message()));
  } else if (head_.code == 0) {
    Failed("the answer is empty");
  } else if (const absl::Status end = splitter_->Finish(); !end.ok()) {
    Failed(fmt::format("the answer {}", std::string(end.message())));
  } else {
    Finished();
  }
  heard_();
}

}  // namespace fairlead::api
