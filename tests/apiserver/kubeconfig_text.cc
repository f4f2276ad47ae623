// SPDX-License-Identifier: Apache-2.0
//
// See kubeconfig_text.h.
#include "tests/apiserver/kubeconfig_text.h"

#include <fmt/format.h>
#include <openssl/evp.h>

namespace fairlead::apiserver {
namespace {

std::string Base64(const std::string& text) {
  std::string encoded(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  encoded.resize(static_cast<size_t>(size));
  return encoded;
}

}  // namespace

std::string KubeconfigText(const KubeconfigParts& parts) {
  std::string user;
  if (!parts.token.empty()) user += fmt::format("    token: {}\n", parts.token);
  if (!parts.client.key.empty()) {
    user += fmt::format("    client-certificate-data: {}\n    client-key-data: {}\n",
                        Base64(parts.client.certificate), Base64(parts.client.key));
  }
  const std::string authority =
      parts.authority.empty()
          ? ""
          : fmt::format("    certificate-authority-data: {}\n", Base64(parts.authority));
  return fmt::format(
      "apiVersion: v1\n"
      "kind: Config\n"
      "current-context: test\n"
      "contexts:\n"
      "- name: test\n"
      "  context:\n"
      "    cluster: test\n"
      "    user: test\n"
      "clusters:\n"
      "- name: test\n"
      "  cluster:\n"
      "    server: {}\n"
      "{}"
      "users:\n"
      "- name: test\n"
      "  user:{}\n"
      "{}",
      parts.server, authority, user.empty() ? " {}" : "", user);
}

}  // namespace fairlead::apiserver
