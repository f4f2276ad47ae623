// SPDX-License-Identifier: Apache-2.0
//
// One port of a Service → the frontends of one family that lead to it, each with
// the endpoint sets that its traffic policy gives to either side. The policies
// speak of where traffic comes from as much as of where it goes: an external
// address is short-circuited for clients of this node.
//
//                        inside                    outside
//   ClusterIP            internalTrafficPolicy     internalTrafficPolicy
//   NodePort, external   Cluster                   externalTrafficPolicy
//   IP, load balancer
//
// With direct return those of the second row whose outside is Cluster have a twin each, for what
// other nodes relay to this one: endpoints of this node, as long as there are any.
#ifndef FAIRLEAD_LOADER_PLAN_FRONTENDS_H_
#define FAIRLEAD_LOADER_PLAN_FRONTENDS_H_

#include <vector>

#include "loader/plan/service_plan.h"

namespace fairlead::plan {

// By its type: NodePort, LoadBalancer.
bool HasNodePorts(const kube::Service& service);

std::vector<PlannedFrontend> FrontendsOf(const kube::Service& service,
                                         const kube::ServicePort& port, Family family,
                                         const PlanContext& context);

// Addresses of a Service that are nobody's to give away: unspecified, loopback, multicast. They
// get no frontend.
std::vector<IpAddress> ImpossibleAddresses(const kube::Service& service);

// spec.loadBalancerSourceRanges of one family; empty: everybody may come. Where a node's own
// address may come, so may the load balancer's: a node speaks to an address that it has itself
// from that very address.
std::vector<Cidr> SourcesOf(const kube::Service& service, Family family,
                            const PlanContext& context);

}  // namespace fairlead::plan

#endif  // FAIRLEAD_LOADER_PLAN_FRONTENDS_H_
