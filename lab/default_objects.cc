// SPDX-License-Identifier: Apache-2.0
//
// See default_objects.h.
#include "lab/default_objects.h"

#include <fmt/format.h>

#include "lab/topology.h"

namespace fairlead::lab {

std::vector<Object> MakeDefaultPods(int nodes) {
  const Object command = Object::array(
      {"sh", "-c",
       "echo \"I am $HOSTNAME\" >index.html; exec python3 -m http.server --bind :: 8080"});
  const Object ports = Object::array({{{"name", "http"}, {"containerPort", 8080}}});
  const Object containers =
      Object::array({{{"name", "echo"}, {"command", command}, {"ports", ports}}});
  std::vector<Object> pods;
  for (int number = 1; number <= 2 * nodes; ++number) {
    pods.push_back(MakePod(fmt::format("echo-{}", number), NodeName((number + 1) / 2),
                           {{"app", "echo"}}, containers));
  }
  return pods;
}

Object MakeDefaultService() {
  return {{"apiVersion", "v1"},
          {"kind", "Service"},
          {"metadata", {{"name", "echo"}, {"namespace", "default"}}},
          {"spec",
           {{"type", "ClusterIP"},
            {"clusterIP", "10.96.0.10"},
            {"clusterIPs", Object::array({"10.96.0.10", "fd00:96::10"})},
            {"ipFamilies", Object::array({"IPv4", "IPv6"})},
            {"ipFamilyPolicy", "RequireDualStack"},
            {"selector", {{"app", "echo"}}},
            {"ports", Object::array({{{"name", "http"}, {"port", 80}, {"targetPort", "http"}}})}}}};
}

}  // namespace fairlead::lab
