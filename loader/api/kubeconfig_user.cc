// SPDX-License-Identifier: Apache-2.0
#include "loader/api/kubeconfig_user.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "loader/api/ascii_text.h"

namespace fairlead::api {
namespace {

using kube::FieldReader;

std::string Beside(const std::string& directory, std::string path) {
  if (path.empty() || path.starts_with('/')) return path;
  return directory + "/" + path;
}

// A key or value of an environment ends at a NUL, and the name at "=".
void CheckVariable(const FieldReader& name, const FieldReader& value) {
  const std::string text = name.RequiredText();
  if (text.find('=') != std::string::npos || text.find('\0') != std::string::npos) {
    name.Fail("is no name of a variable");
  }
  if (value.Text().find('\0') != std::string::npos) value.Fail("holds a zero byte");
}

void CheckInteractiveMode(const FieldReader& mode, const std::string& api_version) {
  if (!mode.present() && api_version.ends_with("/v1")) {
    mode.Fail("is missing; Never, or IfAvailable");
  }
  enum class Mode { kMayBe, kMust };
  if (mode.OneOf<Mode>(
          {{"Never", Mode::kMayBe}, {"IfAvailable", Mode::kMayBe}, {"Always", Mode::kMust}},
          Mode::kMayBe) == Mode::kMust) {
    mode.Fail("is Always, but there is nobody to talk to; use a plugin that works alone");
  }
}

ExecPlugin ReadExec(const FieldReader& exec, const std::string& directory) {
  ExecPlugin plugin;
  plugin.command = exec.Field("command").RequiredText();
  if (plugin.command.find('/') != std::string::npos) {
    plugin.command = Beside(directory, plugin.command);
  }
  const FieldReader version = exec.Field("apiVersion");
  plugin.api_version = version.RequiredText();
  if (plugin.api_version != "client.authentication.k8s.io/v1" &&
      plugin.api_version != "client.authentication.k8s.io/v1beta1") {
    version.Fail(
        fmt::format("must be client.authentication.k8s.io/v1 or v1beta1, is {}; take a newer "
                    "version of the plugin",
                    plugin.api_version));
  }
  const FieldReader arguments = exec.Field("args");
  arguments.ForEachItem([&plugin](const FieldReader& argument) {
    plugin.arguments.push_back(argument.Text());
    if (plugin.arguments.back().find('\0') != std::string::npos) argument.Fail("holds a zero byte");
  });
  const FieldReader variables = exec.Field("env");
  variables.ForEachItem([&plugin](const FieldReader& variable) {
    const FieldReader name = variable.Field("name");
    const FieldReader value = variable.Field("value");
    CheckVariable(name, value);
    plugin.environment.emplace_back(name.Text(), value.Text());
  });
  plugin.install_hint = exec.Field("installHint").Text();
  CheckInteractiveMode(exec.Field("interactiveMode"), plugin.api_version);
  return plugin;
}

// Refuses what we would otherwise be silently without.
void CheckWays(const FieldReader& user, const User& read) {
  if (const FieldReader provider = user.Field("auth-provider"); provider.present()) {
    provider.Fail("Kubernetes 1.26 removed it; use an exec plugin or a token");
  }
  for (const char* name : {"as", "as-uid", "as-groups", "as-user-extra"}) {
    if (const FieldReader field = user.Field(name); field.present()) {
      field.Fail("fairlead does not impersonate; give it credentials of its own");
    }
  }
  std::string ways;
  const auto count = [&ways](bool given, const char* name) {
    if (given) ways += fmt::format("{}{}", ways.empty() ? "" : ", ", name);
  };
  count(!read.token.empty(), "token");
  count(!read.username.empty() || !read.password.empty(), "username and password");
  count(read.exec.has_value(), "exec");
  if (ways.find(',') != std::string::npos) user.Fail(fmt::format("has {}; keep one of them", ways));
  if (read.certificate.empty() != read.key.empty()) {
    user.Fail("needs both client-certificate and client-key, or neither");
  }
  if (read.exec && !read.certificate.empty()) {
    user.Fail("has exec and client-certificate; keep one of them");
  }
}

}  // namespace

FileOrText ReadFileOrData(const FieldReader& parent, const std::string& name,
                          const std::string& directory) {
  const FieldReader file = parent.Field(name);
  const std::string data_name = name + "-data";
  const FieldReader data = parent.Field(data_name);
  FileOrText read{.file = Beside(directory, file.Text())};
  const std::string encoded = data.Text();
  if (encoded.empty()) return read;
  if (!read.file.empty()) {
    data.Fail(fmt::format("is given beside {}; remove one of them", name));
  } else if (!absl::Base64Unescape(encoded, &read.text) || read.text.empty()) {
    data.Fail("must be base64");
  } else if (read.text.find("-----BEGIN ") == std::string::npos) {
    data.Fail("is no PEM (\"-----BEGIN …\") in base64");
  }
  return read;
}

User ReadUser(const FieldReader& user, const std::string& directory) {
  User read;
  read.certificate = ReadFileOrData(user, "client-certificate", directory);
  read.key = ReadFileOrData(user, "client-key", directory);
  const FieldReader token = user.Field("token");
  read.token = {.file = Beside(directory, user.Field("tokenFile").Text()), .text = token.Text()};
  if (!IsGraphic(read.token.text)) token.Fail("holds spaces or line breaks");
  read.username = user.Field("username").Text();
  read.password = user.Field("password").Text();
  if (const FieldReader exec = user.Field("exec"); exec.present()) {
    read.exec = ReadExec(exec, directory);
  }
  CheckWays(user, read);
  return read;
}

}  // namespace fairlead::api
