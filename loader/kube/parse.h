// SPDX-License-Identifier: Apache-2.0
//
// JSON → parsed objects, the same for manifests and for the API server. Strict
// on what fairlead reads (an error names the field: "spec.ports[0].port: must
// be 1-65535, is 70000"), blind to everything else. What the API server would
// fill in (protocol TCP, port name "", namespace "default", …) is filled in
// here too, so that a manifest needs no more than kubectl would ask for.
//
// `kind` and `apiVersion` are not looked at: the items of a list have none.
#ifndef FAIRLEAD_LOADER_KUBE_PARSE_H_
#define FAIRLEAD_LOADER_KUBE_PARSE_H_

#include "absl/status/statusor.h"
#include "loader/kube/endpoint_slice.h"
#include "loader/kube/field_reader.h"
#include "loader/kube/json_value.h"
#include "loader/kube/namespace.h"
#include "loader/kube/network_policy.h"
#include "loader/kube/node.h"
#include "loader/kube/pod.h"
#include "loader/kube/service.h"
#include "loader/kube/service_cidr.h"

namespace fairlead::kube {

absl::StatusOr<Service> ParseService(JsonValue object);
absl::StatusOr<EndpointSlice> ParseEndpointSlice(JsonValue object);
absl::StatusOr<Pod> ParsePod(JsonValue object);
absl::StatusOr<Node> ParseNode(JsonValue object);
absl::StatusOr<Namespace> ParseNamespace(JsonValue object);
absl::StatusOr<ServiceCidr> ParseServiceCidr(JsonValue object);
absl::StatusOr<NetworkPolicy> ParseNetworkPolicy(JsonValue object);

// metadata of an object of this kind.
ObjectMeta ReadMeta(const FieldReader& object, Kind kind);
// A mapping of texts, such as labels.
TextMap ReadTexts(const FieldReader& field);

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_PARSE_H_
