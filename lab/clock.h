// SPDX-License-Identifier: Apache-2.0
//
// Bounded waiting, the only kind the lab knows: look, pause a moment, look
// again, give up at the deadline or when the user pressed Ctrl-C.
#ifndef FAIRLEAD_LAB_CLOCK_H_
#define FAIRLEAD_LAB_CLOCK_H_

#include <chrono>
#include <functional>

namespace fairlead::lab {

using Clock = std::chrono::steady_clock;
using Duration = Clock::duration;

// After this call SIGINT, SIGTERM and SIGHUP no longer end the process: they
// make Interrupted() true, so that whoever waits can return and clean up.
void WatchForInterrupts();
bool Interrupted();

// True as soon as `predicate` is true; false when `timeout` has passed or the
// process was interrupted. Looks at least once.
bool WaitUntil(const std::function<bool()>& predicate, Duration timeout);

}  // namespace fairlead::lab

#endif  // FAIRLEAD_LAB_CLOCK_H_
