// SPDX-License-Identifier: Apache-2.0
//
// networking.k8s.io/v1 ServiceCIDR: where ClusterIPs are from. Ignored by
// design: status, which only says whether new addresses may be taken.
#ifndef FAIRLEAD_LOADER_KUBE_SERVICE_CIDR_H_
#define FAIRLEAD_LOADER_KUBE_SERVICE_CIDR_H_

#include <vector>

#include "base/ip.h"
#include "loader/kube/object_meta.h"

namespace fairlead::kube {

struct ServiceCidr {
  ObjectMeta meta;
  std::vector<Cidr> cidrs;  // of each family at most one

  friend bool operator==(const ServiceCidr&, const ServiceCidr&) = default;
};

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_SERVICE_CIDR_H_
