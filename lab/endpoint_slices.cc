// SPDX-License-Identifier: Apache-2.0
//
// See endpoint_slices.h.
#include "lab/endpoint_slices.h"

#include <fmt/format.h>

#include <map>
#include <string>

namespace fairlead::lab {
namespace {

bool IsIpv6(const std::string& address) { return address.find(':') != std::string::npos; }

// spec.ipFamilies is what the API server fills in; a manifest may leave it to
// its clusterIPs to say so.
std::vector<std::string> Families(const Object& service) {
  std::vector<std::string> families;
  for (const Object& family : At(service, "/spec/ipFamilies")) {
    if (family.is_string()) families.push_back(family);
  }
  if (!families.empty()) return families;
  for (const Object& address : At(service, "/spec/clusterIPs")) {
    if (address.is_string()) families.push_back(IsIpv6(address) ? "IPv6" : "IPv4");
  }
  if (families.empty())
    families.push_back(IsIpv6(TextAt(service, "/spec/clusterIP")) ? "IPv6" : "IPv4");
  return families;
}

bool Selects(const Object& selector, const Object& pod) {
  const Object& labels = At(pod, "/metadata/labels");
  for (const auto& [key, value] : selector.items()) {
    if (!labels.is_object() || labels.value(key, Object()) != value) return false;
  }
  return true;
}

std::string ProtocolOf(const Object& port) { return port.value("protocol", "TCP"); }

// The number `service_port` means in this pod; null when the pod has no port
// of that name, and then the port is left out of its slice.
Object ResolvePort(const Object& service_port, const Object& pod) {
  Object target = service_port.value("targetPort", Object());
  if (target.is_number()) return target;
  if (!target.is_string()) return service_port.value("port", Object());
  for (const Object& container : At(pod, "/spec/containers")) {
    for (const Object& port : At(container, "/ports")) {
      if (TextAt(port, "/name") == target.get<std::string>() &&
          ProtocolOf(port) == ProtocolOf(service_port)) {
        return port.value("containerPort", Object());
      }
    }
  }
  return nullptr;
}

Object ResolvePorts(const Object& service, const Object& pod) {
  Object ports = Object::array();
  for (const Object& port : At(service, "/spec/ports")) {
    const Object number = ResolvePort(port, pod);
    if (number.is_null()) continue;
    ports.push_back(
        {{"name", port.value("name", "")}, {"protocol", ProtocolOf(port)}, {"port", number}});
  }
  return ports;
}

bool IsReady(const Object& pod) {
  for (const Object& condition : At(pod, "/status/conditions")) {
    if (condition.value("type", "") == "Ready") return condition.value("status", "") == "True";
  }
  return false;
}

Object MakeEndpoint(const Object& service, const Object& pod, const std::string& address) {
  const bool ready = IsReady(pod) || At(service, "/spec/publishNotReadyAddresses") == Object(true);
  return {{"addresses", Object::array({address})},
          {"conditions", {{"ready", ready}, {"serving", IsReady(pod)}, {"terminating", false}}},
          {"nodeName", TextAt(pod, "/spec/nodeName")},
          {"targetRef", {{"kind", "Pod"}, {"namespace", NamespaceOf(pod)}, {"name", NameOf(pod)}}}};
}

Object MakeSlice(const Object& service, const std::string& family, size_t number,
                 const Object& ports, const Object& endpoints) {
  std::string name = NameOf(service) + (family == "IPv6" ? "-ipv6" : "-ipv4");
  if (number > 0) name += fmt::format("-{}", number + 1);
  return {{"apiVersion", "discovery.k8s.io/v1"},
          {"kind", "EndpointSlice"},
          {"metadata",
           {{"name", name},
            {"namespace", NamespaceOf(service)},
            {"labels",
             {{"kubernetes.io/service-name", NameOf(service)},
              {"endpointslice.kubernetes.io/managed-by", "fairlead-lab"}}}}},
          {"addressType", family},
          {"endpoints", endpoints},
          {"ports", ports}};
}

void AddSlices(const Object& service, const std::vector<Object>& objects,
               std::vector<Object>& slices) {
  for (const std::string& family : Families(service)) {
    std::map<Object, Object> endpoints_by_ports;
    for (const Object& pod : objects) {
      if (KindOf(pod) != "Pod" || NamespaceOf(pod) != NamespaceOf(service) ||
          !Selects(At(service, "/spec/selector"), pod)) {
        continue;
      }
      for (const Object& entry : At(pod, "/status/podIPs")) {
        const std::string address = TextAt(entry, "/ip");
        if (IsIpv6(address) != (family == "IPv6")) continue;
        Object& endpoints = endpoints_by_ports[ResolvePorts(service, pod)];
        endpoints.push_back(MakeEndpoint(service, pod, address));
      }
    }
    if (endpoints_by_ports.empty()) endpoints_by_ports[Object::array()] = Object::array();
    size_t number = 0;
    for (const auto& [ports, endpoints] : endpoints_by_ports) {
      slices.push_back(MakeSlice(service, family, number++, ports, endpoints));
    }
  }
}

}  // namespace

std::vector<Object> MakeEndpointSlices(const std::vector<Object>& objects) {
  std::vector<Object> slices;
  for (const Object& object : objects) {
    const Object& selector = At(object, "/spec/selector");
    if (KindOf(object) == "Service" && selector.is_object() && !selector.empty()) {
      AddSlices(object, objects, slices);
    }
  }
  return slices;
}

}  // namespace fairlead::lab
