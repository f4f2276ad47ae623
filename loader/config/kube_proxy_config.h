// SPDX-License-Identifier: Apache-2.0
//
// KubeProxyConfiguration, as kube-proxy 1.36 reads it (docs/operating.md has
// the table for users). Three sorts of keys:
//
//   with a meaning here     become flags of fairleadd
//   without                 become notes, if they are set to anything
//   that kube-proxy has not become notes, too: it ignores them as well
//
// kube-proxy takes "", 0, false and null for "not set", and kubeadm writes all
// of them out; so they are not set here, either.
#ifndef FAIRLEAD_LOADER_CONFIG_KUBE_PROXY_CONFIG_H_
#define FAIRLEAD_LOADER_CONFIG_KUBE_PROXY_CONFIG_H_

#include <nlohmann/json_fwd.hpp>

#include "absl/status/status.h"
#include "loader/config/config_file.h"

namespace fairlead::config {

// InvalidArgument: "key: reason".
absl::Status ReadKubeProxyConfig(const nlohmann::json& root, const HostFacts& host,
                                 ConfigFile& file);

}  // namespace fairlead::config

#endif  // FAIRLEAD_LOADER_CONFIG_KUBE_PROXY_CONFIG_H_
