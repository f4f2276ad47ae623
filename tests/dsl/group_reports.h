// SPDX-License-Identifier: Apache-2.0
//
// What a pod's stack says about the multicast groups it listens to: IGMP (RFC
// 2236, 3376) and MLD (RFC 2710, 3810), in the pod's family.
#ifndef FAIRLEAD_TESTS_DSL_GROUP_REPORTS_H_
#define FAIRLEAD_TESTS_DSL_GROUP_REPORTS_H_

#include <vector>

#include "tests/dsl/node.h"

namespace fairlead::testing {

// By their numbers in the protocols.
enum class RecordType : uint8_t {
  kIsInclude = 1,
  kIsExclude,
  kToInclude,
  kToExclude,
  kAllow,
  kBlock
};

struct GroupRecord {
  RecordType type;
  IpAddress group;
  std::vector<IpAddress> sources = {};
};

// IGMPv3, MLDv2.
Packet GroupReport(const Pod& pod, const std::vector<GroupRecord>& records);
// The same with one record: any source of the group, or none.
Packet JoinGroup(const Pod& pod, const IpAddress& group);
Packet LeaveGroup(const Pod& pod, const IpAddress& group);
// IGMPv2, MLDv1.
Packet OldJoin(const Pod& pod, const IpAddress& group);
Packet OldLeave(const Pod& pod, const IpAddress& group);

// fe80:: and the pod's MAC.
IpAddress LinkAddress(const Pod& pod);

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_DSL_GROUP_REPORTS_H_
