// SPDX-License-Identifier: Apache-2.0
#include "loader/api/kubeconfig.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "absl/strings/escaping.h"
#include "base/status_macros.h"
#include "loader/api/kubeconfig_user.h"
#include "loader/api/rotating_file.h"
#include "loader/api/server_url.h"
#include "loader/kube/field_reader.h"
#include "loader/kube/yaml_documents.h"

namespace fairlead::api {
namespace {

using kube::FieldReader;
using nlohmann::json;

constexpr char kExecExtension[] = "client.authentication.k8s.io/exec";

// The file's one document that is not empty.
absl::StatusOr<json> ReadDocument(const std::string& text) {
  json found;
  bool several = false;
  const auto error = kube::ReadYamlDocuments(text, [&](kube::Document&& document) {
    if (document.value.is_null()) return;
    several = several || !found.is_null();
    found = std::move(document.value);
  });
  if (error) {
    return absl::InvalidArgumentError(fmt::format("line {}: {}", error->line, error->reason));
  }
  if (several) return absl::InvalidArgumentError("holds more than one YAML document");
  if (found.is_null()) return absl::InvalidArgumentError("is empty");
  return found;
}

// Visits the member `body` of the element of `list` that is named so. False if there is none; two
// of a name are a failure.
template <typename Visit>
bool VisitNamed(const FieldReader& list, const std::string& name, const char* body, Visit visit) {
  int found = 0;
  size_t index = 0;
  list.ForEachItem([&](const FieldReader& item) {
    const FieldReader item_name = item.Field("name");
    if (item_name.present() && item_name.Text() == name) {
      if (++found == 2) item_name.Fail(fmt::format("\"{}\" is there twice", name));
      const FieldReader inner = item.Field(body);
      if (!inner.present()) inner.Fail("is missing");
      if (found == 1) visit(inner, index);
    }
    ++index;
  });
  return found != 0;
}

std::string NamesIn(const FieldReader& list) {
  std::string names;
  list.ForEachItem([&names](const FieldReader& item) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", item.Field("name").Text());
  });
  return names.empty() ? "there is none" : "there is " + names;
}

struct Context {
  std::string cluster;
  std::string user;
};

Context ReadContext(const FieldReader& root) {
  Context context;
  const FieldReader current = root.Field("current-context");
  const FieldReader contexts = root.Field("contexts");
  const std::string name = current.Text();
  if (name.empty()) {
    current.Fail(
        fmt::format("is not set ({}); kubectl config use-context sets it", NamesIn(contexts)));
    return context;
  }
  const bool found = VisitNamed(contexts, name, "context", [&](const FieldReader& body, size_t) {
    context = {body.Field("cluster").RequiredText(), body.Field("user").Text()};
  });
  if (!found) {
    current.Fail(fmt::format("no context is named \"{}\" ({})", name, NamesIn(contexts)));
  }
  return context;
}

void CheckProxy(const FieldReader& proxy) {
  const std::string url = proxy.Text();
  if (url.empty()) return;
  for (const char* scheme : {"http://", "https://", "socks5://"}) {
    if (url.starts_with(scheme)) return;
  }
  proxy.Fail("must begin with http://, https:// or socks5://");
}

void ReadCluster(const FieldReader& cluster, const std::string& directory, Access& access) {
  const FieldReader server = cluster.Field("server");
  const auto url = ParseServerUrl(server.RequiredText());
  if (!url.ok()) return server.Fail(std::string(url.status().message()));
  access.servers = {{.url = url->ToString(), .tls_name = cluster.Field("tls-server-name").Text()}};
  access.ca = ReadFileOrData(cluster, "certificate-authority", directory);
  const FieldReader insecure = cluster.Field("insecure-skip-tls-verify");
  access.insecure_skip_tls_verify = insecure.Bool(false);
  if (access.insecure_skip_tls_verify && !access.ca.empty()) {
    insecure.Fail("is true, and a certificate-authority is given; remove one of them");
  }
  CheckProxy(cluster.Field("proxy-url"));
  access.proxy_url = cluster.Field("proxy-url").Text();
}

// What a plugin is told of a cluster whose fields have been read without complaint.
absl::StatusOr<std::string> ClusterForPlugin(const json& cluster, const Access& access) {
  json told = {{"server", access.servers.front().url}};
  if (!access.servers.front().tls_name.empty()) {
    told["tls-server-name"] = access.servers.front().tls_name;
  }
  if (access.insecure_skip_tls_verify) told["insecure-skip-tls-verify"] = true;
  if (!access.proxy_url.empty()) told["proxy-url"] = access.proxy_url;
  std::string ca = access.ca.text;
  if (ca.empty() && !access.ca.file.empty()) {
    FL_ASSIGN_OR_RETURN(ca, ReadSmallFile(access.ca.file));
  }
  if (!ca.empty()) told["certificate-authority-data"] = absl::Base64Escape(ca);
  const auto extensions = cluster.find("extensions");
  if (extensions != cluster.end() && extensions->is_array()) {
    for (const json& extension : *extensions) {
      if (!extension.is_object() || !extension.contains("name")) continue;
      if (extension["name"] != kExecExtension || !extension.contains("extension")) continue;
      told["config"] = extension["extension"];
    }
  }
  return told.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

absl::StatusOr<Access> ParseKubeconfig(const std::string& text, const std::string& directory) {
  FL_ASSIGN_OR_RETURN(const json document, ReadDocument(text));
  absl::Status error;
  const FieldReader root(document, error);
  const FieldReader kind = root.Field("kind");
  if (kind.present() && kind.Text() != "Config") kind.Fail("must be Config");
  const FieldReader version = root.Field("apiVersion");
  if (version.present() && version.Text() != "v1") version.Fail("must be v1");
  const Context context = ReadContext(root);
  FL_RETURN_IF_ERROR(error);

  Access access;
  size_t cluster_index = 0;
  const FieldReader clusters = root.Field("clusters");
  if (!VisitNamed(clusters, context.cluster, "cluster", [&](const FieldReader& body, size_t index) {
        cluster_index = index;
        ReadCluster(body, directory, access);
      })) {
    clusters.Fail(fmt::format("no cluster is named \"{}\", which the current context wants",
                              context.cluster));
  }
  bool plugin_wants_cluster = false;
  const FieldReader users = root.Field("users");
  if (!context.user.empty() &&
      !VisitNamed(users, context.user, "user", [&](const FieldReader& body, size_t /*index*/) {
        access.user = ReadUser(body, directory);
        const FieldReader exec = body.Field("exec");
        plugin_wants_cluster = exec.Field("provideClusterInfo").Bool(false);
      })) {
    users.Fail(
        fmt::format("no user is named \"{}\", which the current context wants", context.user));
  }
  FL_RETURN_IF_ERROR(error);
  if (plugin_wants_cluster && access.user.exec) {
    FL_ASSIGN_OR_RETURN(access.user.exec->cluster_json,
                        ClusterForPlugin(document["clusters"][cluster_index]["cluster"], access));
  }
  return access;
}

absl::StatusOr<Access> ReadKubeconfig(const std::string& path) {
  const auto located = [&path](const absl::Status& status) {
    return absl::Status(status.code(),
                        fmt::format("kubeconfig {}: {}", path, std::string(status.message())));
  };
  const absl::StatusOr<std::string> text = ReadSmallFile(path);
  if (!text.ok()) return located(text.status());
  const std::filesystem::path directory = std::filesystem::path(path).parent_path();
  absl::StatusOr<Access> access =
      ParseKubeconfig(*text, directory.empty() ? "." : directory.string());
  if (!access.ok()) return located(access.status());
  return access;
}

}  // namespace fairlead::api
