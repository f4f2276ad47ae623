// SPDX-License-Identifier: Apache-2.0
//
// Real sockets inside the namespaces of a lab, used from the test's process.
#ifndef FAIRLEAD_TESTS_NETNS_SOCKETS_H_
#define FAIRLEAD_TESTS_NETNS_SOCKETS_H_

#include <sys/socket.h>

#include <string>

#include "absl/status/statusor.h"
#include "base/ip.h"
#include "base/socket_address.h"
#include "base/unique_fd.h"

namespace fairlead::testing {

// How long a single step of a peer may take before it counts as lost. Far more
// than any needs, because the machine may be busy; no test expects it to pass.
constexpr int kPatienceMilliseconds = 15000;

// A socket of the namespace, bound to `local`; `type` is SOCK_STREAM (then it
// listens) or SOCK_DGRAM. A failure ends the test program at once, with its reason.
UniqueFd Serve(const std::string& network_namespace, int type, const Endpoint& local);

// A connected socket of the namespace whose reads and writes give up after
// kPatienceMilliseconds. `error` gets errno of a failed connect, 0 otherwise.
UniqueFd Connect(const std::string& network_namespace, int type, const Endpoint& to, int& error,
                 int patience_milliseconds = kPatienceMilliseconds);

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_NETNS_SOCKETS_H_
