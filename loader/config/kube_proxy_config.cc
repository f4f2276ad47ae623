// SPDX-License-Identifier: Apache-2.0
#include "loader/config/kube_proxy_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "base/status_macros.h"
#include "loader/config/config_object.h"
#include "loader/config/kube_proxy_keys.h"
#include "loader/kube/field_reader.h"
#include "loader/kube/sloppy_address.h"

namespace fairlead::config {

using nlohmann::json;

namespace {

constexpr int64_t kDefaultFlowsPerCore = 32768;
constexpr int64_t kDefaultLeastFlows = 131072;
constexpr int64_t kMostFlows = 1 << 24;  // of --max-flows
constexpr int64_t kVerbosityOfDebug = 4;
constexpr int64_t kVerbosityOfTrace = 6;

bool IsBelow(std::string_view path, std::string_view key) {
  return path == key || (path.starts_with(key) && path.size() > key.size() &&
                         (path[key.size()] == '.' || path[key.size()] == '['));
}

// "0s", and the "0" of a quantity.
bool IsZero(const json& value) {
  absl::Duration duration;
  return value.is_string() && absl::ParseDuration(value.get_ref<const std::string&>(), &duration) &&
         duration == absl::ZeroDuration();
}

bool IsSet(const json& value) {
  if (value.is_null() || value == false || value == "" || IsZero(value)) return false;
  if (value.is_number()) return value != 0;
  return !value.is_structured() || !value.empty();
}

class KubeProxyReader {
 public:
  KubeProxyReader(const json& root, ConfigFile& file) : root_(root), file_(file) {}

  absl::Status ReadKeys() {
    for (const auto& [key, value] : root_.items()) {
      if (key == "apiVersion" || key == "kind") continue;
      std::string path;
      kube::AppendPathKey(path, key);
      FL_RETURN_IF_ERROR(ReadKey(path, value));
    }
    return absl::OkStatus();
  }

  // kube-proxy takes the host's name, as a kubelet does that was told nothing else.
  void ReadHostname(const HostFacts& host) {
    if (IsSet(Field("hostnameOverride"))) return;
    std::string name = host.hostname;
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    file_.settings.push_back({.flag = "--node-name",
                              .values = {name},
                              .key = "hostnameOverride",
                              .line = 0,
                              .implied = true});
  }

  // "Any address" says which family comes first, which has no meaning here.
  absl::Status ReadBindAddress() {
    const json& value = Field("bindAddress");
    if (!IsSet(value)) return absl::OkStatus();
    if (!value.is_string()) return KeyError("bindAddress", "must be a string");
    const auto address = kube::ParseAddressSloppily(value.get<std::string>());
    if (!address.ok()) {
      return KeyError("bindAddress", std::string(address.status().message()));
    }
    if (address->IsUnspecified()) return absl::OkStatus();
    Add("--node-ip", address->ToString(), "bindAddress");
    return absl::OkStatus();
  }

  // kube-proxy's rule for net.netfilter.nf_conntrack_max, for the table that has our flows.
  absl::Status ReadFlowLimit(const HostFacts& host) {
    absl::Status error;
    const kube::FieldReader root(root_, error);
    const kube::FieldReader conntrack = root.Field("conntrack");
    const int64_t per_core =
        conntrack.Field("maxPerCore").Integer(0, INT32_MAX, kDefaultFlowsPerCore);
    const int64_t least = conntrack.Field("min").Integer(0, INT32_MAX, kDefaultLeastFlows);
    FL_RETURN_IF_ERROR(error);
    const bool is_said =
        !Field("conntrack", "maxPerCore").is_null() || IsSet(Field("conntrack", "min"));
    if (!is_said || per_core == 0) return absl::OkStatus();
    const int64_t flows = std::max(per_core * host.cores, least);
    Add("--max-flows", std::to_string(std::min(flows, kMostFlows)),
        Field("conntrack", "maxPerCore").is_null() ? "conntrack.min" : "conntrack.maxPerCore");
    return absl::OkStatus();
  }

  // Unset, its meaning depends on the mode: iptables and ipvs serve NodePorts on every address.
  void ReadNodePortAddresses() {
    if (IsSet(Field("nodePortAddresses")) || Field("mode") == "nftables") return;
    file_.settings.push_back({.flag = "--nodeport-addresses",
                              .values = {"all"},
                              .key = "nodePortAddresses",
                              .line = 0,
                              .implied = true});
  }

  absl::Status ReadVerbosity() {
    absl::Status error;
    const kube::FieldReader root(root_, error);
    const kube::FieldReader logging = root.Field("logging");
    const int64_t verbosity = logging.Field("verbosity").Integer(0, INT32_MAX, 0);
    FL_RETURN_IF_ERROR(error);
    if (verbosity < kVerbosityOfDebug) return absl::OkStatus();
    Add("--log-level", verbosity < kVerbosityOfTrace ? "debug" : "trace", "logging.verbosity");
    return absl::OkStatus();
  }

 private:
  // Null if it, or what surrounds it, is not there.
  const json& Field(const char* name, const char* inner = nullptr) const {
    static const json kAbsent;
    const auto found = root_.find(name);
    if (found == root_.end()) return kAbsent;
    if (inner == nullptr) return *found;
    if (!found->is_object()) return kAbsent;
    const auto member = found->find(inner);
    return member == found->end() ? kAbsent : *member;
  }

  void Add(const char* flag, std::string value, const std::string& key) {
    file_.settings.push_back({.flag = flag, .values = {std::move(value)}, .key = key});
  }

  absl::Status ReadKey(const std::string& path, const json& value) {
    if (!IsSet(value)) return absl::OkStatus();
    for (const MappedKey& mapped : kMappedKeys) {
      if (path == mapped.key) return ReadMapped(mapped, value);
    }
    if (std::ranges::find(kTranslatedKeys, path) != std::end(kTranslatedKeys)) {
      return absl::OkStatus();
    }
    // First: what is below may have a meaning.
    if (value.is_object()) return ReadBelow(path, value);
    for (const UnusedKey& unused : kUnusedKeys) {
      if (!IsBelow(path, unused.key)) continue;
      file_.notes.push_back({path, fmt::format("has no effect: {}", unused.reason)});
      return absl::OkStatus();
    }
    file_.notes.push_back({path, "is no key of KubeProxyConfiguration: ignored"});
    return absl::OkStatus();
  }

  absl::Status ReadBelow(const std::string& path, const json& object) {
    for (const auto& [key, value] : object.items()) {
      std::string below = path;
      kube::AppendPathKey(below, key);
      FL_RETURN_IF_ERROR(ReadKey(below, value));
    }
    return absl::OkStatus();
  }

  absl::Status ReadMapped(const MappedKey& mapped, const json& value) {
    const bool is_list = mapped.shape == Shape::kTextList;
    if (is_list ? !value.is_array() : !value.is_string()) {
      return KeyError(mapped.key, is_list ? "must be a list of strings" : "must be a string");
    }
    absl::Duration duration;
    if (mapped.shape == Shape::kDuration &&
        !absl::ParseDuration(value.get_ref<const std::string&>(), &duration)) {
      return KeyError(mapped.key, "must be a duration like 1h30m");
    }
    Setting setting{.flag = mapped.flag, .values = {}, .key = mapped.key};
    FL_ASSIGN_OR_RETURN(setting.values, FlagValues(mapped.key, value));
    file_.settings.push_back(std::move(setting));
    return absl::OkStatus();
  }

  const json& root_;
  ConfigFile& file_;
};

}  // namespace

absl::Status ReadKubeProxyConfig(const json& root, const HostFacts& host, ConfigFile& file) {
  KubeProxyReader reader(root, file);
  FL_RETURN_IF_ERROR(reader.ReadKeys());
  reader.ReadHostname(host);
  FL_RETURN_IF_ERROR(reader.ReadBindAddress());
  FL_RETURN_IF_ERROR(reader.ReadFlowLimit(host));
  reader.ReadNodePortAddresses();
  return reader.ReadVerbosity();
}

}  // namespace fairlead::config
