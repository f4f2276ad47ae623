// SPDX-License-Identifier: Apache-2.0
//
// What `fairlead-lab up` puts on the nodes when it is given no manifests.
#ifndef FAIRLEAD_LAB_DEFAULT_OBJECTS_H_
#define FAIRLEAD_LAB_DEFAULT_OBJECTS_H_

#include <vector>

#include "lab/objects.h"

namespace fairlead::lab {

// Two pods per node, echo-1, echo-2, …, each with an HTTP server whose page
// names the pod, and the Service `echo` (10.96.0.10, fd00:96::10, port 80).
std::vector<Object> MakeDefaultPods(int nodes);
Object MakeDefaultService();

}  // namespace fairlead::lab

#endif  // FAIRLEAD_LAB_DEFAULT_OBJECTS_H_
