// SPDX-License-Identifier: Apache-2.0
//
// What goes wrong on command with answers: refusals instead of answers, and
// streams that break off, stall, drip or carry garbage. What goes wrong with
// connections is the server's (api_server.h).
#ifndef FAIRLEAD_TESTS_APISERVER_FAULTS_H_
#define FAIRLEAD_TESTS_APISERVER_FAULTS_H_

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "tests/apiserver/http_message.h"

namespace fairlead::apiserver {

// Which requests.
struct Match {
  std::string plural;                // "": every kind
  std::optional<bool> watches = {};  // only watches, or only others
  int times = 1;                     // and then no more

  bool Fits(const std::string& request_plural, bool is_watch) const;
};

struct Refusal {
  int code = 500;       // 401, 403, 429, 500, 503, 504
  int retry_after = 0;  // seconds, in a header; 0: no header
};

struct StreamFault {
  enum class Kind {
    kCut,      // the connection (HTTP/2: the stream) breaks
    kEnd,      // the answer ends properly, in the middle of a line or not
    kStall,    // nothing comes any more
    kDrip,     // `count` bytes per tick of the server
    kGarbage,  // `bytes` come in between
  };
  Kind kind = Kind::kCut;
  size_t after = 0;  // bytes of the answer's body, from when the fault is set
  size_t count = 1;
  std::string bytes = {};
};

class Faults {
 public:
  // The next requests that match are refused.
  void Refuse(const Refusal& refusal, Match match) { refusals_.push_back({refusal, match}); }
  // The next answers that match are spoilt.
  void Spoil(const StreamFault& fault, Match match) { spoils_.push_back({fault, match}); }
  // Answers under way; `match.times` of them at most.
  void SpoilRunning(const StreamFault& fault, Match match);
  // Nothing goes wrong from here on; spoilt streams that still run are cut.
  void Heal();
  // How many answers are under way whose request matches.
  int Running(const Match& match) const;

  // For the server: asked once per request.
  std::optional<Refusal> TakeRefusal(const std::string& plural, bool is_watch);
  std::unique_ptr<Body> Wrap(std::unique_ptr<Body> body, const std::string& plural, bool is_watch);
  // Time for dripping streams to go on.
  void Tick() { ++ticks_; }

 private:
  friend class SpoilableBody;
  template <typename Fault>
  struct Planned {
    Fault fault;
    Match match;
  };
  template <typename Fault>
  static std::optional<Fault> Take(std::list<Planned<Fault>>& planned, const std::string& plural,
                                   bool is_watch);

  std::list<Planned<Refusal>> refusals_;
  std::list<Planned<StreamFault>> spoils_;
  std::set<class SpoilableBody*> running_;
  uint64_t ticks_ = 0;
};

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_FAULTS_H_
