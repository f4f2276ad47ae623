// SPDX-License-Identifier: Apache-2.0
//
// See clock.h.
#include "lab/clock.h"

#include <csignal>
#include <thread>

namespace fairlead::lab {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void RememberInterrupt(int) { interrupted = 1; }

}  // namespace

void WatchForInterrupts() {
  struct sigaction action{};
  action.sa_handler = RememberInterrupt;  // no SA_RESTART: poll() must return
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
}

bool Interrupted() { return interrupted != 0; }

bool WaitUntil(const std::function<bool()>& predicate, Duration timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  for (auto pause = std::chrono::milliseconds(2);;
       pause = std::min(pause * 2, decltype(pause)(50))) {
    if (predicate()) return true;
    if (Clock::now() >= deadline || Interrupted()) return false;
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace fairlead::lab
