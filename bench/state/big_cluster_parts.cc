// SPDX-License-Identifier: Apache-2.0
//
// See big_cluster_parts.h.
#include "bench/state/big_cluster_parts.h"

#include <fmt/format.h>

#include <initializer_list>
#include <string_view>

namespace fairlead::bench::parts {
namespace {

constexpr char kTime[] = "2026-11-20T08:15:31Z";

struct Manager {
  const char* name;
  const char* version;
  const char* fields;
  const char* subresource = "";
};

Json ManagedBy(std::initializer_list<Manager> managers) {
  Json all = Json::array();
  for (const Manager& manager : managers) {
    Json entry = {{"manager", manager.name},       {"operation", "Update"},
                  {"apiVersion", manager.version}, {"time", kTime},
                  {"fieldsType", "FieldsV1"},      {"fieldsV1", Json::parse(manager.fields)}};
    if (*manager.subresource != '\0') entry["subresource"] = manager.subresource;
    all.push_back(entry);
  }
  return all;
}

}  // namespace

const Json& NamespaceFields() {
  static const Json kFields = ManagedBy({{"kubectl-create", "v1",
                                          R"({"f:metadata":{"f:labels":{".":{},"f:team":{},)"
                                          R"("f:kubernetes.io/metadata.name":{}}}})"}});
  return kFields;
}

const Json& NodeFields() {
  static const Json kFields = ManagedBy(
      {{"kube-controller-manager", "v1",
        R"({"f:metadata":{"f:annotations":{"f:node.alpha.kubernetes.io/ttl":{}}},)"
        R"("f:spec":{"f:podCIDR":{},"f:podCIDRs":{".":{},"v:\"10.64.0.0/24\"":{}}}})"},
       {"kubelet", "v1",
        R"({"f:metadata":{"f:annotations":{".":{},)"
        R"("f:volumes.kubernetes.io/controller-managed-attach-detach":{}},"f:labels":{".":{},)"
        R"("f:beta.kubernetes.io/arch":{},"f:beta.kubernetes.io/os":{},"f:kubernetes.io/arch":{},)"
        R"("f:kubernetes.io/hostname":{},"f:kubernetes.io/os":{},)"
        R"("f:node.kubernetes.io/instance-type":{},"f:topology.kubernetes.io/region":{},)"
        R"("f:topology.kubernetes.io/zone":{}}},"f:spec":{"f:providerID":{}}})"},
       {"kubelet", "v1",
        R"({"f:status":{"f:allocatable":{"f:memory":{},"f:ephemeral-storage":{}},"f:conditions":)"
        R"({"k:{\"type\":\"DiskPressure\"}":{"f:lastHeartbeatTime":{}},)"
        R"("k:{\"type\":\"MemoryPressure\"}":{"f:lastHeartbeatTime":{}},)"
        R"("k:{\"type\":\"PIDPressure\"}":{"f:lastHeartbeatTime":{}},)"
        R"("k:{\"type\":\"Ready\"}":{"f:lastHeartbeatTime":{},"f:lastTransitionTime":{},)"
        R"("f:message":{},"f:reason":{},"f:status":{}}},"f:images":{}}})",
        "status"}});
  return kFields;
}

const Json& PodFields() {
  static const Json kFields = ManagedBy(
      {{"kube-controller-manager", "v1",
        R"({"f:metadata":{"f:annotations":{".":{},"f:prometheus.io/port":{},)"
        R"("f:prometheus.io/scrape":{}},"f:generateName":{},"f:labels":{".":{},)"
        R"("f:app.kubernetes.io/instance":{},"f:app.kubernetes.io/managed-by":{},)"
        R"("f:app.kubernetes.io/name":{},"f:helm.sh/chart":{},"f:pod-template-hash":{},)"
        R"("f:track":{}},"f:ownerReferences":{".":{},)"
        R"("k:{\"uid\":\"00000000-0000-4000-8000-000000000000\"}":{}}},"f:spec":{"f:containers":)"
        R"({"k:{\"name\":\"main\"}":{".":{},"f:env":{".":{},"k:{\"name\":\"POD_IP\"}":{".":{},)"
        R"("f:name":{},"f:valueFrom":{".":{},"f:fieldRef":{}}}},"f:image":{},)"
        R"("f:imagePullPolicy":{},"f:livenessProbe":{".":{},"f:failureThreshold":{},"f:httpGet":)"
        R"({".":{},"f:path":{},"f:port":{},"f:scheme":{}},"f:periodSeconds":{}},"f:name":{},)"
        R"("f:ports":{".":{},"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}":{".":{},)"
        R"("f:containerPort":{},"f:name":{},"f:protocol":{}}},"f:resources":{".":{},"f:limits":)"
        R"({".":{},"f:memory":{}},"f:requests":{".":{},"f:cpu":{},"f:memory":{}}},)"
        R"("f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},"f:dnsPolicy":{},)"
        R"("f:enableServiceLinks":{},"f:restartPolicy":{},"f:schedulerName":{},)"
        R"("f:securityContext":{},"f:serviceAccount":{},"f:serviceAccountName":{},)"
        R"("f:terminationGracePeriodSeconds":{}}})"},
       {"kubelet", "v1",
        R"({"f:status":{"f:conditions":{"k:{\"type\":\"ContainersReady\"}":{".":{},)"
        R"("f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}},)"
        R"("k:{\"type\":\"Initialized\"}":{".":{},"f:lastProbeTime":{},)"
        R"("f:lastTransitionTime":{},"f:status":{},"f:type":{}},"k:{\"type\":\"Ready\"}":{".":{},)"
        R"("f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}}},)"
        R"("f:containerStatuses":{},"f:hostIP":{},"f:hostIPs":{},"f:phase":{},"f:podIP":{},)"
        R"("f:podIPs":{".":{},"k:{\"ip\":\"10.64.0.2\"}":{".":{},"f:ip":{}}},"f:startTime":{}}})",
        "status"}});
  return kFields;
}

const Json& ServiceFields() {
  static const Json kFields = ManagedBy(
      {{"helm", "v1",
        R"({"f:metadata":{"f:annotations":{".":{},"f:meta.helm.sh/release-name":{},)"
        R"("f:meta.helm.sh/release-namespace":{}},"f:labels":{".":{},)"
        R"("f:app.kubernetes.io/instance":{},"f:app.kubernetes.io/managed-by":{},)"
        R"("f:app.kubernetes.io/name":{},"f:helm.sh/chart":{}}},"f:spec":)"
        R"({"f:internalTrafficPolicy":{},"f:ports":{".":{},)"
        R"("k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:name":{},"f:port":{},"f:protocol":{},)"
        R"("f:targetPort":{}}},"f:selector":{},"f:sessionAffinity":{},"f:type":{}}})"}});
  return kFields;
}

const Json& SliceFields() {
  static const Json kFields =
      ManagedBy({{"kube-controller-manager", "discovery.k8s.io/v1",
                  R"({"f:addressType":{},"f:endpoints":{},"f:metadata":{"f:annotations":{".":{},)"
                  R"("f:endpoints.kubernetes.io/last-change-trigger-time":{}},"f:generateName":{},)"
                  R"("f:labels":{".":{},"f:app.kubernetes.io/instance":{},)"
                  R"("f:app.kubernetes.io/managed-by":{},"f:app.kubernetes.io/name":{},)"
                  R"("f:endpointslice.kubernetes.io/managed-by":{},"f:helm.sh/chart":{},)"
                  R"("f:kubernetes.io/service-name":{}},"f:ownerReferences":{".":{},)"
                  R"("k:{\"uid\":\"00000000-0000-4000-8000-000000000000\"}":{}}},"f:ports":{}})"}});
  return kFields;
}

const Json& PolicyFields() {
  static const Json kFields = ManagedBy(
      {{"helm", "networking.k8s.io/v1",
        R"({"f:metadata":{"f:labels":{".":{},"f:app.kubernetes.io/instance":{},)"
        R"("f:app.kubernetes.io/managed-by":{},"f:app.kubernetes.io/name":{},)"
        R"("f:helm.sh/chart":{}}},"f:spec":{"f:egress":{},"f:ingress":{},"f:podSelector":{},)"
        R"("f:policyTypes":{}}})"}});
  return kFields;
}

const Json& NodeStatus() {
  static const Json kStatus = [] {
    Json status = Json::parse(
        R"({"capacity":{"cpu":"16","ephemeral-storage":"101430960Ki","hugepages-1Gi":"0",)"
        R"("hugepages-2Mi":"0","memory":"64837508Ki","pods":"110"},"allocatable":{"cpu":"15890m",)"
        R"("ephemeral-storage":"92401029","hugepages-1Gi":"0","hugepages-2Mi":"0",)"
        R"("memory":"61899652Ki","pods":"110"},"conditions":[],"addresses":[],)"
        R"("daemonEndpoints":{"kubeletEndpoint":{"Port":10250}},"nodeInfo":)"
        R"({"machineID":"ec2b0e4c1b1e4a51a2a8e5bbdc1f2a3b",)"
        R"("systemUUID":"ec2b0e4c-1b1e-4a51-a2a8-e5bbdc1f2a3b",)"
        R"("bootID":"8c2d9a34-7c52-4f2e-9f7e-1d5d7a0f5b11","kernelVersion":"6.12.0-amd64",)"
        R"("osImage":"Debian GNU/Linux 12",)"
        R"("containerRuntimeVersion":"containerd://2.1.4","kubeletVersion":"v1.36.0",)"
        R"("kubeProxyVersion":"","operatingSystem":"linux","architecture":"amd64"},"images":[]})");
    for (const char* type : {"MemoryPressure", "DiskPressure", "PIDPressure", "Ready"}) {
      const bool ready = std::string_view(type) == "Ready";
      status["conditions"].push_back({{"type", type},
                                      {"status", ready ? "True" : "False"},
                                      {"lastHeartbeatTime", kTime},
                                      {"lastTransitionTime", kTime},
                                      {"reason", ready ? "KubeletReady" : "KubeletIsFine"},
                                      {"message", "kubelet is posting its status"}});
    }
    constexpr int kImages = 20;
    for (int i = 0; i < kImages; ++i) {
      const std::string name = fmt::format("registry.example.org/team/image-{:02}", i);
      status["images"].push_back(
          {{"names", {fmt::format("{}@sha256:{:064x}", name, i), name + ":1"}},
           {"sizeBytes", 10'000'000 + i}});
    }
    return status;
  }();
  return kStatus;
}

Json PodSpec(const std::string& app) {
  static const Json kSpec = Json::parse(
      R"({"volumes":[{"name":"kube-api-access-x7k2p","projected":{"sources":)"
      R"([{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},{"configMap":)"
      R"({"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}},{"downwardAPI":)"
      R"({"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1",)"
      R"("fieldPath":"metadata.namespace"}}]}}],"defaultMode":420}}],"containers":)"
      R"([{"name":"main","image":"","ports":[{"name":"http","containerPort":8080,)"
      R"("protocol":"TCP"},{"name":"metrics","containerPort":9090,"protocol":"TCP"}],)"
      R"("env":[{"name":"POD_IP","valueFrom":{"fieldRef":{"apiVersion":"v1",)"
      R"("fieldPath":"status.podIP"}}}],"resources":{"limits":{"memory":"512Mi"},)"
      R"("requests":{"cpu":"100m","memory":"256Mi"}},"volumeMounts":)"
      R"([{"name":"kube-api-access-x7k2p","readOnly":true,)"
      R"("mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}],"livenessProbe":)"
      R"({"httpGet":{"path":"/healthz","port":"http","scheme":"HTTP"},"periodSeconds":10,)"
      R"("timeoutSeconds":1,"successThreshold":1,"failureThreshold":3},)"
      R"("terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File",)"
      R"("imagePullPolicy":"IfNotPresent"}],"restartPolicy":"Always",)"
      R"("terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst",)"
      R"("serviceAccountName":"default","serviceAccount":"default","nodeName":"",)"
      R"("securityContext":{},"schedulerName":"default-scheduler","tolerations":)"
      R"([{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute",)"
      R"("tolerationSeconds":300},{"key":"node.kubernetes.io/unreachable","operator":"Exists",)"
      R"("effect":"NoExecute","tolerationSeconds":300}],"priority":0,"enableServiceLinks":true,)"
      R"("preemptionPolicy":"PreemptLowerPriority"})");
  Json spec = kSpec;
  spec["containers"][0]["image"] = "registry.example.org/team/" + app + ":1.42.0";
  return spec;
}

Json PodStatus(const std::string& app) {
  static const Json kStatus = [] {
    Json status = {{"phase", "Running"}, {"conditions", Json::array()}};
    for (const char* type : {"Initialized", "Ready", "ContainersReady", "PodScheduled"}) {
      status["conditions"].push_back({{"type", type},
                                      {"status", "True"},
                                      {"lastProbeTime", nullptr},
                                      {"lastTransitionTime", kTime}});
    }
    status["hostIP"] = "172.20.0.1";
    status["podIP"] = "";
    status["podIPs"] = Json::array();
    status["startTime"] = kTime;
    status["containerStatuses"] = Json::parse(
        R"([{"name":"main","state":{"running":{"startedAt":"2026-11-20T08:15:33Z"}},)"
        R"("lastState":{},"ready":true,"restartCount":0,"image":"","imageID":"",)"
        R"("containerID":"containerd://6e1f0e7a3f0f6f1c8a0d5a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7",)"
        R"("started":true}])");
    status["qosClass"] = "Burstable";
    return status;
  }();
  Json status = kStatus;
  status["containerStatuses"][0]["image"] = "registry.example.org/team/" + app + ":1.42.0";
  return status;
}

}  // namespace fairlead::bench::parts
