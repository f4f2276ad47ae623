// SPDX-License-Identifier: Apache-2.0
//
// Addresses as old Kubernetes objects spell them. The API server still stores
// "010.0.0.1" (decimal, not octal) and "::ffff:10.0.0.1"; both mean 10.0.0.1,
// and a proxy that keys by text or takes the zero for octal talks to the wrong
// machine. Everything else follows base/ip.h. (Go: netutils.ParseIPSloppy.)
#ifndef FAIRLEAD_LOADER_KUBE_SLOPPY_ADDRESS_H_
#define FAIRLEAD_LOADER_KUBE_SLOPPY_ADDRESS_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "base/ip.h"

namespace fairlead::kube {

absl::StatusOr<IpAddress> ParseAddressSloppily(std::string_view text);

// Surrounding blanks are allowed (loadBalancerSourceRanges has them); the
// prefix length is required. Host bits are masked away.
absl::StatusOr<Cidr> ParseCidrSloppily(std::string_view text);

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_SLOPPY_ADDRESS_H_
