// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/wanted_sysctls.h"

#include "loader/netlink/sysctls.h"

namespace fairlead {
namespace {

constexpr char kStrict[] = "1";
constexpr char kLoose[] = "2";

// Empty: there is no such setting, or no such device any more.
std::string ValueOf(const std::string& name) { return ReadSysctl(name).value_or(""); }

// Wants the filter loose where it is strict now, or where it is loose already.
void WantNoStrictFilter(const std::string& device, bool journaled,
                        std::vector<WantedSysctl>& wanted) {
  const std::string name = DeviceSysctl(Family::kIpv4, device, "rp_filter");
  const std::string own = ValueOf(name);
  const std::string all = ValueOf(DeviceSysctl(Family::kIpv4, "all", "rp_filter"));
  const bool harmless = own == "0" && all != kStrict;
  if (!own.empty() && !harmless) wanted.push_back({name, kLoose, journaled});
}

}  // namespace

std::vector<WantedSysctl> WantedHostSysctls(const std::vector<std::string>& uplinks) {
  std::vector<WantedSysctl> wanted = {{"net/ipv4/ip_forward", "1"}};
  for (const std::string& device : uplinks) {
    WantNoStrictFilter(device, /*journaled=*/true, wanted);
    const std::string accept_ra = DeviceSysctl(Family::kIpv6, device, "accept_ra");
    const std::string value = ValueOf(accept_ra);
    if (value == "1" || value == "2") wanted.push_back({accept_ra, "2"});
  }
  // After accept_ra: the kernel looks at both when forwarding begins.
  wanted.push_back({DeviceSysctl(Family::kIpv6, "all", "forwarding"), "1"});
  return wanted;
}

std::vector<WantedSysctl> WantedPodSysctls(const LocalPod& pod) {
  std::vector<WantedSysctl> wanted = {
      {DeviceSysctl(Family::kIpv4, pod.host_device, "forwarding"), "1", /*journaled=*/false}};
  WantNoStrictFilter(pod.host_device, /*journaled=*/false, wanted);
  if (pod.ip6.has_value()) {
    wanted.push_back({DeviceSysctl(Family::kIpv6, pod.host_device, "forwarding"), "1", false});
  }
  return wanted;
}

}  // namespace fairlead
