// SPDX-License-Identifier: Apache-2.0
//
// Questions to a service that may not answer yet. One that goes astray is not
// waited for before the next is asked: its SYN is sent again after a second
// only, and by then somebody has long been served.
#ifndef FAIRLEAD_BENCH_SERVICES_INQUIRY_H_
#define FAIRLEAD_BENCH_SERVICES_INQUIRY_H_

#include <deque>
#include <string>

#include "base/ip.h"
#include "base/unique_fd.h"
#include "lab/clock.h"

namespace fairlead::bench {

// Used in one thread, which is in the client's network namespace.
class Inquiry {
 public:
  explicit Inquiry(const Endpoint& front) : front_(front) {}

  // Over a new connection, which ends with a reset. The oldest is given up when there are many.
  void Ask();
  // Whether that letter is an answer; returns as soon as it is, or at `until`.
  bool Hears(char letter, lab::Clock::time_point until);
  // What else was heard last: another letter, or why a connection failed.
  const std::string& last() const { return last_; }

 private:
  struct Question {
    UniqueFd fd;
    bool asked = false;  // connected, and the question sent
  };

  // One step; whether the question is over. `last_` is what came of it.
  bool Follow(Question& question);

  Endpoint front_;
  std::deque<Question> questions_;
  std::string last_ = "nothing";
};

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_SERVICES_INQUIRY_H_
