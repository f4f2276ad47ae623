// SPDX-License-Identifier: Apache-2.0
//
// Network sysctls of the calling thread's network namespace, through
// /proc/sys/net (which follows the thread, not the mount).
//
// Names are written as sysctl(8) does, "net.ipv4.ip_forward"; a name whose
// first separator is '/' is taken as a path, for devices with a dot in their
// name: "net/ipv4/conf/eth0.100/rp_filter". Only names below net are accepted.
#ifndef FAIRLEAD_LOADER_NETLINK_SYSCTLS_H_
#define FAIRLEAD_LOADER_NETLINK_SYSCTLS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"

namespace fairlead {

// A container sees its own /proc/sys read-only; the host's may be mounted elsewhere. To be said
// once, before anything else here is called.
void UseProcSys(std::string directory);

// The setting of one device: "net/ipv4/conf/DEVICE/SETTING".
std::string DeviceSysctl(Family family, std::string_view device, std::string_view setting);

// "net/…", as below /proc/sys; InvalidArgument for names that lead anywhere else.
absl::StatusOr<std::string> SysctlKey(std::string_view name);
// "/proc/sys/net/…"; InvalidArgument for names that lead anywhere else.
absl::StatusOr<std::string> SysctlPath(std::string_view name);

// NotFound: this kernel (or device) has no such setting.
absl::StatusOr<std::string> ReadSysctl(std::string_view name);  // without the newline
absl::Status WriteSysctl(std::string_view name, std::string_view value);
// Writes only if the value differs: a read is far cheaper than a change that
// takes the kernel's configuration lock.
absl::Status EnsureSysctl(std::string_view name, std::string_view value);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_NETLINK_SYSCTLS_H_
