// SPDX-License-Identifier: Apache-2.0
//
// For tests: a call of ADD as a runtime makes it, and its network configuration.
#ifndef FAIRLEAD_CNI_TEST_CALL_H_
#define FAIRLEAD_CNI_TEST_CALL_H_

#include "cni/call.h"

namespace fairlead::testing {

inline constexpr char kConfiguration[] =
    R"({"cniVersion": "1.1.0", "name": "fairlead", "type": "fairlead-cni",
        "socket": "/run/other.sock", "dns": {"nameservers": ["10.96.0.10"]}})";

inline Environment AddEnvironment() {
  return {{"CNI_COMMAND", "ADD"},
          {"CNI_CONTAINERID", "c1"},
          {"CNI_NETNS", "/run/netns/c1"},
          {"CNI_IFNAME", "eth0"},
          {"CNI_ARGS", "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web;K8S_POD_UID=42"}};
}

}  // namespace fairlead::testing

#endif  // FAIRLEAD_CNI_TEST_CALL_H_
