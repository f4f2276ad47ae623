// SPDX-License-Identifier: Apache-2.0
//
// A kubeconfig with all its data inside.
#ifndef FAIRLEAD_TESTS_APISERVER_KUBECONFIG_TEXT_H_
#define FAIRLEAD_TESTS_APISERVER_KUBECONFIG_TEXT_H_

#include <string>

#include "tests/apiserver/certificates.h"

namespace fairlead::apiserver {

struct KubeconfigParts {
  std::string server;
  std::string authority;   // PEM; "": plain HTTP
  std::string token = {};  // "": none
  KeyPair client = {};     // empty: none
};

std::string KubeconfigText(const KubeconfigParts& parts);

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_KUBECONFIG_TEXT_H_
