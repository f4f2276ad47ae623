// SPDX-License-Identifier: Apache-2.0
//
// Reflector: one kind of objects, as an API server has them, in the store.
//
//            ┌─▶ stream the list (WatchList) ─────────┐ complete
//   begin ───┤        │ not served, or no end of it   ▼
//            └─▶ pages of the list ───────────────▶ watch ──▶ watch again …
//                     ▲                               │
//                     └────────── version expired ────┘
//
// Every failure waits (backoff.h) and goes on where it was: a watch from the
// last version heard of, a list from its beginning. What is known stays until
// a complete list says otherwise: a failing server never takes an object away.
//
// The first list goes into the store when the owner says so (Publish), so that
// nobody sees Services without their EndpointSlices.
#ifndef FAIRLEAD_LOADER_API_REFLECTOR_H_
#define FAIRLEAD_LOADER_API_REFLECTOR_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "loader/api/backoff.h"
#include "loader/api/clock.h"
#include "loader/api/json_splitter.h"
#include "loader/api/listing.h"
#include "loader/api/resource.h"
#include "loader/api/server_status.h"
#include "loader/api/transport.h"
#include "loader/kube/json_parser.h"
#include "loader/kube/object_store.h"

namespace fairlead::api {

// Since the start.
struct ReflectorCounts {
  uint64_t lists = 0;     // complete ones
  uint64_t watches = 0;   // that were asked for
  uint64_t failures = 0;  // answers that were none, or broke off
  uint64_t events = 0;
  uint64_t bytes = 0;
};

class Reflector : private Receiver {
 public:
  static constexpr int kPageSize = 500;
  static constexpr std::chrono::seconds kListQuiet{60};       // then a list is given up
  static constexpr std::chrono::seconds kShortestWatch{300};  // the longest is twice that
  static constexpr std::chrono::seconds kWatchGrace{30};      // for the server to end it
  static constexpr std::chrono::minutes kAbsentAgain{5};      // a kind that is not served
  static constexpr std::chrono::seconds kLongestRetryAfter{300};

  // `heard` is called after each piece of an answer, and when settled() or problems() have changed.
  // All must outlive the reflector.
  Reflector(Resource resource, Transport& transport, Clock& clock, kube::ObjectStore& store,
            uint64_t seed, std::function<void()> heard);

  void Start() { Proceed(); }

  const Resource& resource() const { return resource_; }
  // The list is complete; or there is none to be had, and it is not required.
  bool settled() const { return published_ || complete_ || (is_refused() && !resource_.required); }
  // From here on the store follows.
  void Publish();
  // When bytes last came.
  Clock::Time heard_at() const { return heard_at_; }

  // The connection's first, then what is wrong with objects.
  std::vector<std::string> problems() const;
  bool has_broken_objects() const { return !broken_.empty(); }
  const ReflectorCounts& counts() const { return counts_; }
  // As the server last said it; "" before the first list.
  const std::string& version() const { return version_; }

 private:
  enum class Asked { kPage, kStreamedList, kWatch };
  // So often a server that has just started may not know yet who has which right.
  static constexpr int kMostRefusedLists = 3;

  bool is_refused() const { return refused_lists_ >= kMostRefusedLists; }

  void Begin(const ResponseHead& head) override;
  void Receive(std::string_view bytes) override;
  void End(const absl::Status& status) override;

  // What to ask (reflector.cc).
  void Proceed();  // with a list, or the watch
  void AskPage();
  void AskStreamedList();
  void AskWatch();
  void Ask(Asked what, std::string target, std::chrono::seconds quiet_limit);
  std::chrono::seconds WatchTime();
  void GuardInitialEvents();
  const char* verb() const { return asked_ == Asked::kPage ? "list" : "watch"; }

  // How it went (reflector_outcome.cc).
  void Finished();
  void PageFinished();
  void ListCompleted(std::string version);
  void Commit();
  void Failed(std::string_view reason);
  bool WasDeaf() const;
  void Refused(const ServerStatus& status);
  void VersionLost();
  void Wait(std::chrono::nanoseconds time);
  void WaitAndProceed(std::chrono::nanoseconds least = std::chrono::nanoseconds(0));
  void SetProblem(std::string problem);

  // What has come (reflector_objects.cc). False: the answer is of no use any more.
  bool Take(std::string_view text);
  bool TakeEvent(kube::JsonValue event);
  bool TakeBookmark(kube::JsonValue object);
  void Put(kube::JsonValue object);
  void Erase(kube::JsonValue object);
  void NoteBroken(kube::JsonValue object, std::string_view reason);
  void FollowVersion(kube::JsonValue object);

  Resource resource_;
  Transport& transport_;
  Clock& clock_;
  kube::ObjectStore& store_;
  const std::function<void()> heard_;
  Backoff backoff_;
  kube::JsonParser parser_;

  // What is known.
  std::string version_;        // to go on from
  bool version_lost_ = false;  // the server does not know it: list whatever there is
  bool needs_list_ = true;
  bool streams_lists_ = true;       // false for good once it has been refused
  std::optional<Listing> listing_;  // the list under way; also one that is not published yet
  bool complete_ = false;           // listing_ is, and waits for Publish()
  bool published_ = false;
  std::string problem_;
  absl::btree_map<kube::ObjectName, std::string> broken_;  // objects that could not be read
  ReflectorCounts counts_;

  // The answer under way.
  Asked asked_ = Asked::kPage;
  std::unique_ptr<Exchange> exchange_;
  ResponseHead head_;
  std::optional<JsonSplitter> splitter_;
  std::string error_body_;
  std::string next_page_;                    // continue token
  bool whole_ = false;                       // no pages: a token has expired
  std::string failure_;                      // why the answer is of no use
  std::optional<ServerStatus> error_event_;  // the same, in the server's words
  uint64_t events_before_ = 0;
  Clock::Time asked_at_;
  Clock::Time heard_at_;
  int refused_watches_ = 0;                // in a row
  int refused_lists_ = 0;                  // not served, or forbidden, since one last began
  std::unique_ptr<Alarm> alarm_;           // ends a wait
  std::unique_ptr<Alarm> initial_events_;  // gives up a streamed list that goes quiet
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_REFLECTOR_H_
