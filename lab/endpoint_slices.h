// SPDX-License-Identifier: Apache-2.0
//
// What the endpointslice controller of kube-controller-manager does, as a pure
// function: Services with selectors and Pods in, EndpointSlices out.
#ifndef FAIRLEAD_LAB_ENDPOINT_SLICES_H_
#define FAIRLEAD_LAB_ENDPOINT_SLICES_H_

#include <vector>

#include "lab/objects.h"

namespace fairlead::lab {

// One slice per Service, address family of the Service, and set of resolved
// ports (a named targetPort may mean another number in another pod). A Service
// nobody serves gets an empty slice per family. Services without selector get
// none: their slices are written by people. Other kinds are ignored.
std::vector<Object> MakeEndpointSlices(const std::vector<Object>& objects);

}  // namespace fairlead::lab

#endif  // FAIRLEAD_LAB_ENDPOINT_SLICES_H_
