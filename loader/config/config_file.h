// SPDX-License-Identifier: Apache-2.0
//
// A configuration file → what it says in flags. Two kinds are read, and a
// ConfigMap that holds one of them under config.conf:
//
//   FairleadConfiguration   (fairlead.io/v1alpha1): each key is a flag
//   KubeProxyConfiguration  (kubeproxy.config.k8s.io/v1alpha1): unchanged, as
//                           kube-proxy has it (kube_proxy_config.h)
//
// Pure: which flags exist and what their values may be, the flags know.
#ifndef FAIRLEAD_LOADER_CONFIG_CONFIG_FILE_H_
#define FAIRLEAD_LOADER_CONFIG_CONFIG_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace fairlead::config {

// One thing said.
struct Setting {
  std::string flag;                 // "--pod-cidrs"
  std::vector<std::string> values;  // as they would stand behind the flag
  std::string key;                  // "podCidrs", "conntrack.udpTimeout"
  int line = 0;
  bool implied = false;  // follows from what the file does not say: the key is on no line

  friend bool operator==(const Setting&, const Setting&) = default;
};

// A key that was understood and changes nothing.
struct Note {
  std::string key;
  std::string reason;
  int line = 0;

  friend bool operator==(const Note&, const Note&) = default;
};

struct ConfigFile {
  std::string name;  // of the file, for messages
  std::string kind;
  std::vector<Setting> settings;
  std::vector<Note> notes;

  // "F: line 3: mtu"
  std::string Where(const std::string& key, int line) const;
};

// What kube-proxy would look up where its configuration is silent.
struct HostFacts {
  std::string hostname;
  uint32_t cores = 1;
};

inline constexpr size_t kMostConfigBytes = 1 << 20;  // of a ConfigMap

// InvalidArgument, naming file, line and key.
absl::StatusOr<ConfigFile> ParseConfig(const std::string& name, const std::string& text,
                                       const HostFacts& host);

// ParseConfig of a file and of this host.
absl::StatusOr<ConfigFile> ReadConfigFile(const std::string& path);

}  // namespace fairlead::config

#endif  // FAIRLEAD_LOADER_CONFIG_CONFIG_FILE_H_
