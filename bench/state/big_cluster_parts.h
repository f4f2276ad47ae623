// SPDX-License-Identifier: Apache-2.0
//
// The bulk of real objects, which says nothing to fairlead: who has set which
// field, what a kubelet reports, what a container consists of.
#ifndef FAIRLEAD_BENCH_STATE_BIG_CLUSTER_PARTS_H_
#define FAIRLEAD_BENCH_STATE_BIG_CLUSTER_PARTS_H_

#include <string>

#include "tests/apiserver/json_text.h"

namespace fairlead::bench::parts {

using apiserver::Json;

// metadata.managedFields.
const Json& NamespaceFields();
const Json& NodeFields();
const Json& PodFields();
const Json& ServiceFields();
const Json& SliceFields();
const Json& PolicyFields();

const Json& NodeStatus();
Json PodSpec(const std::string& app);
Json PodStatus(const std::string& app);

}  // namespace fairlead::bench::parts

#endif  // FAIRLEAD_BENCH_STATE_BIG_CLUSTER_PARTS_H_
