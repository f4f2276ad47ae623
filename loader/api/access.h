// SPDX-License-Identifier: Apache-2.0
//
// How to reach an API server and as whom: what a kubeconfig, a service account
// or flags say, as values. Nothing is read or connected here.
#ifndef FAIRLEAD_LOADER_API_ACCESS_H_
#define FAIRLEAD_LOADER_API_ACCESS_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fairlead::api {

// Something given in place, or a file that may change while we run. The text wins.
struct FileOrText {
  std::string file = {};
  std::string text = {};

  bool empty() const { return file.empty() && text.empty(); }
};

struct ServerAddress {
  std::string url;            // "https://10.0.0.1:6443", maybe with a path; no slash at its end
  std::string tls_name = {};  // whom the certificate must name; empty: the URL's host

  friend bool operator==(const ServerAddress&, const ServerAddress&) = default;
};

// A program that prints credentials (client.authentication.k8s.io).
struct ExecPlugin {
  std::string command;
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;  // beside our own
  std::string api_version;
  std::string install_hint;
  std::string cluster_json;  // what it is told of the cluster; empty: nothing
};

struct User {
  FileOrText token = {};  // if the file can be read, it wins here
  FileOrText certificate = {};
  FileOrText key = {};
  std::string username = {};
  std::string password = {};
  std::optional<ExecPlugin> exec = {};
};

struct Access {
  std::vector<ServerAddress> servers = {};  // tried in this order
  FileOrText ca = {};                       // PEM; empty: whom the system trusts
  bool insecure_skip_tls_verify = false;
  std::string proxy_url = {};  // empty: HTTPS_PROXY, HTTP_PROXY and NO_PROXY
  User user = {};
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_ACCESS_H_
