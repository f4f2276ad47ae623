// SPDX-License-Identifier: Apache-2.0
#include "loader/config/config_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <thread>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "loader/config/config_object.h"
#include "loader/config/fairlead_config.h"
#include "loader/config/kube_proxy_config.h"
#include "loader/kube/document_lines.h"
#include "loader/kube/yaml_documents.h"

namespace fairlead::config {
namespace {

using nlohmann::json;

constexpr char kConfigMapKey[] = "config.conf";

struct Kind {
  const char* version;
  const char* name;
  absl::Status (*read)(const json& root, const HostFacts& host, ConfigFile& file);
};

constexpr Kind kKinds[] = {
    {"fairlead.io/v1alpha1", "FairleadConfiguration", ReadFairleadConfig},
    {"kubeproxy.config.k8s.io/v1alpha1", "KubeProxyConfiguration", ReadKubeProxyConfig},
};

absl::Status Wrong(const std::string& name, int line, std::string_view reason) {
  if (line == 0) return absl::InvalidArgumentError(fmt::format("{}: {}", name, reason));
  return absl::InvalidArgumentError(fmt::format("{}: line {}: {}", name, line, reason));
}

std::string TextOf(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

int LineOf(const std::string& text, int document, const std::string& path) {
  return kube::FindLines(text, {{document, path}})[0];
}

// The only document that is not empty.
absl::StatusOr<kube::Document> OnlyDocument(const std::string& name, const std::string& text) {
  std::optional<kube::Document> only;
  int further_line = 0;
  const auto wrong = kube::ReadYamlDocuments(text, [&](kube::Document&& document) {
    if (document.value.is_null()) return;
    if (only.has_value()) {
      further_line = document.line;
    } else {
      only = std::move(document);
    }
  });
  if (wrong) return Wrong(name, wrong->line, wrong->reason);
  if (!only.has_value()) return Wrong(name, 0, "is empty");
  if (further_line != 0) return Wrong(name, further_line, "has more than one document");
  if (!only->value.is_object()) return Wrong(name, only->line, "must be a mapping");
  return *std::move(only);
}

// Settings and notes get the lines that their keys stand on.
void FillLines(const std::string& text, int document, ConfigFile& file) {
  std::vector<kube::DocumentPath> paths;
  for (const Setting& setting : file.settings) paths.emplace_back(document, setting.key);
  for (const Note& note : file.notes) paths.emplace_back(document, note.key);
  const std::vector<int> lines = kube::FindLines(text, paths);
  size_t next = 0;
  for (Setting& setting : file.settings) {
    const int line = lines[next++];
    setting.line = setting.implied ? 0 : line;
  }
  for (Note& note : file.notes) note.line = lines[next++];
}

absl::StatusOr<ConfigFile> ParseObject(const std::string& name, const std::string& text,
                                       const kube::Document& document, const HostFacts& host) {
  const std::string version = TextOf(document.value, "apiVersion");
  const std::string kind = TextOf(document.value, "kind");
  const auto known = std::ranges::find_if(
      kKinds, [&](const Kind& each) { return each.version == version && each.name == kind; });
  if (known == std::end(kKinds)) {
    std::string choices;
    for (const Kind& each : kKinds) {
      choices += fmt::format("{}{} {}", choices.empty() ? "" : " or ", each.version, each.name);
    }
    return Wrong(name, document.line,
                 fmt::format("apiVersion and kind must be {}, are \"{}\" and \"{}\"", choices,
                             version, kind));
  }
  ConfigFile file{.name = name, .kind = kind, .settings = {}, .notes = {}};
  const absl::Status status = known->read(document.value, host, file);
  if (!status.ok()) {
    const std::string reason(status.message());
    const std::string path = reason.substr(0, reason.find(": "));
    return Wrong(name, LineOf(text, document.number, path), reason);
  }
  FillLines(text, document.number, file);
  return file;
}

// Whether the text of this line's key is a block, whose lines are lines of the
// file. A quoted text has none.
bool IsBlock(const std::string& text, int line) {
  size_t start = 0;
  for (int i = 1; i < line && start != std::string::npos; ++i) {
    start = text.find('\n', start);
    if (start != std::string::npos) ++start;
  }
  if (start == std::string::npos) return false;
  const std::string_view whole = std::string_view(text).substr(start);
  return whole.substr(0, whole.find('\n')).find(": |") != std::string_view::npos;
}

absl::StatusOr<ConfigFile> ParseConfigMap(const std::string& name, const std::string& text,
                                          const kube::Document& map, const HostFacts& host) {
  const auto data = map.value.find("data");
  const std::string inner =
      data != map.value.end() && data->is_object() ? TextOf(*data, kConfigMapKey) : "";
  const int key_line = LineOf(text, map.number, fmt::format("data[\"{}\"]", kConfigMapKey));
  if (inner.empty()) {
    return Wrong(name, key_line, fmt::format("the ConfigMap has no data[\"{}\"]", kConfigMapKey));
  }
  // Empty lines before it, so that its lines are those of the file.
  const std::string padded =
      (IsBlock(text, key_line) ? std::string(static_cast<size_t>(key_line), '\n') : "") + inner;
  FL_ASSIGN_OR_RETURN(const kube::Document document, OnlyDocument(name, padded));
  return ParseObject(name, padded, document, host);
}

HostFacts ThisHost() {
  char hostname[256] = {};
  if (gethostname(hostname, sizeof(hostname) - 1) != 0) hostname[0] = '\0';
  return {hostname, std::max(1U, std::thread::hardware_concurrency())};
}

}  // namespace

std::string ConfigFile::Where(const std::string& key, int line) const {
  return line > 0 ? fmt::format("{}: line {}: {}", name, line, key)
                  : fmt::format("{}: {}", name, key);
}

absl::StatusOr<ConfigFile> ParseConfig(const std::string& name, const std::string& text,
                                       const HostFacts& host) {
  FL_ASSIGN_OR_RETURN(const kube::Document document, OnlyDocument(name, text));
  if (TextOf(document.value, "apiVersion") == "v1" &&
      TextOf(document.value, "kind") == "ConfigMap") {
    return ParseConfigMap(name, text, document, host);
  }
  return ParseObject(name, text, document, host);
}

absl::StatusOr<ConfigFile> ReadConfigFile(const std::string& path) {
  std::error_code error;
  const uintmax_t bytes = std::filesystem::file_size(path, error);
  if (!error && bytes > kMostConfigBytes) {
    return Wrong(path, 0, fmt::format("has more than {} bytes", kMostConfigBytes));
  }
  FL_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(path));
  return ParseConfig(path, text, ThisHost());
}

}  // namespace fairlead::config
