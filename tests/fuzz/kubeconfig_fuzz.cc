// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer: a kubeconfig. Promise: it is an access with a server and an
// authority or none, or an error that says something; never more.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "loader/api/kubeconfig.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  // The standard's way to see bytes as text.
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  const auto access = fairlead::api::ParseKubeconfig(text, "/nowhere");
  if (access.ok() ? access->servers.empty() : access.status().message().empty()) std::abort();
  return 0;
}
