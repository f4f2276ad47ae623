// SPDX-License-Identifier: Apache-2.0
//
// Named network namespaces, visible to `ip netns`. Unlike `ip netns add` this
// does not turn /run/netns into a mount of its own, which nobody would remove.
#ifndef FAIRLEAD_LAB_NETWORK_NAMESPACE_H_
#define FAIRLEAD_LAB_NETWORK_NAMESPACE_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace fairlead::lab {

std::string NamespacePath(const std::string& name);

// A new, empty namespace: loopback down, duplicate address detection off, so
// that IPv6 addresses can be used at once. ALREADY_EXISTS if the name is taken.
absl::Status CreateNamespace(const std::string& name);

// Takes the name away; the namespace itself ends with its last process and
// socket. An absent name is fine.
absl::Status DeleteNamespace(const std::string& name);

// `key` is a path below /proc/sys/net: "ipv4/ip_forward".
absl::Status SetSysctl(const std::string& name, const std::string& key, const std::string& value);

absl::StatusOr<UniqueFd> OpenNamespace(const std::string& name);  // NOT_FOUND

// All names under /run/netns that start with `prefix`, sorted.
std::vector<std::string> NamespacesWithPrefix(const std::string& prefix);

// Processes (not single threads) that live in one of these namespaces, without
// the caller.
std::vector<pid_t> ProcessesIn(const std::vector<std::string>& names);

// Calls `body` in a thread that has entered the namespace. Sockets opened in
// there belong to that namespace for good and may be used by any thread.
absl::Status InNamespace(const std::string& name, const std::function<absl::Status()>& body);

}  // namespace fairlead::lab

#endif  // FAIRLEAD_LAB_NETWORK_NAMESPACE_H_
