// SPDX-License-Identifier: Apache-2.0
//
// Pod: spec for where and how it runs, status for its addresses.
#include "base/status_macros.h"
#include "loader/kube/parse.h"

namespace fairlead::kube {
namespace {

void ReadNamedPorts(const FieldReader& container, std::vector<ContainerPort>& ports) {
  container.Field("ports").ForEachItem([&](const FieldReader& item) {
    ContainerPort port;
    port.name = item.Field("name").View();
    port.protocol = item.Field("protocol").TransportProtocol();
    const FieldReader number = item.Field("containerPort");
    if (!number.present()) number.Fail("is required");
    port.port = static_cast<uint16_t>(number.Integer(1, 65535, 0));
    if (!port.name.empty()) ports.push_back(std::move(port));
  });
}

PodPhase ReadPhase(const FieldReader& field) {
  return field.OneOf<PodPhase>({{"Pending", PodPhase::kPending},
                                {"Running", PodPhase::kRunning},
                                {"Succeeded", PodPhase::kSucceeded},
                                {"Failed", PodPhase::kFailed},
                                {"Unknown", PodPhase::kUnknown}},
                               PodPhase::kPending);
}

}  // namespace

absl::StatusOr<Pod> ParsePod(JsonValue object) {
  absl::Status error;
  const FieldReader root(object, error);
  Pod pod;
  pod.meta = ReadMeta(root, Kind::kPod);
  const FieldReader spec = root.Field("spec");
  pod.node_name = spec.Field("nodeName").View();
  pod.host_network = spec.Field("hostNetwork").Bool(false);
  spec.Field("containers").ForEachItem([&](const FieldReader& item) {
    ReadNamedPorts(item, pod.named_ports);
  });
  spec.Field("initContainers").ForEachItem([&](const FieldReader& item) {
    if (item.Field("restartPolicy").Text() == "Always") ReadNamedPorts(item, pod.named_ports);
  });
  const FieldReader status = root.Field("status");
  pod.phase = ReadPhase(status.Field("phase"));
  status.Field("podIPs").ForEachItem([&](const FieldReader& item) {
    const FieldReader ip = item.Field("ip");
    if (ip.RequiredText().empty()) return;
    pod.pod_ips.push_back(ip.Address());
  });
  const FieldReader only = status.Field("podIP");
  if (pod.pod_ips.empty() && !only.Text().empty()) pod.pod_ips.push_back(only.Address());
  FL_RETURN_IF_ERROR(error);
  return pod;
}

}  // namespace fairlead::kube
