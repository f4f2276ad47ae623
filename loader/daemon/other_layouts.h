// SPDX-License-Identifier: Apache-2.0
//
// What daemons of other layouts of the tables have left below the pins: v1, v2, …, beside our own.
// Their programs stay on devices and decide by tables that nobody writes any more.
#ifndef FAIRLEAD_LOADER_DAEMON_OTHER_LAYOUTS_H_
#define FAIRLEAD_LOADER_DAEMON_OTHER_LAYOUTS_H_

#include <string>

#include "absl/status/status.h"

namespace fairlead {

// Before the first hook is attached: their links become ours, so that a packet never meets both
// layouts' programs, and the one place at XDP is free. Those at sockets stay beside ours.
absl::Status InheritOtherLayouts(const std::string& bpffs);

// Once every hook is attached, or none is wanted: what is left of them goes. Tries every layout;
// returns the first error. Touches no name but v and digits, and only with links in it.
absl::Status RemoveOtherLayouts(const std::string& bpffs);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_OTHER_LAYOUTS_H_
