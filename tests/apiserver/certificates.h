// SPDX-License-Identifier: Apache-2.0
//
// A certificate authority made for one run: the server's certificate and its
// clients' come from it. Keys are P-256 and live in memory, or in a file of
// their owner.
#ifndef FAIRLEAD_TESTS_APISERVER_CERTIFICATES_H_
#define FAIRLEAD_TESTS_APISERVER_CERTIFICATES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace fairlead::apiserver {

// In PEM.
struct KeyPair {
  std::string certificate;
  std::string key;
};

class Authority {
 public:
  static absl::StatusOr<Authority> Make(const std::string& name);
  static absl::StatusOr<Authority> Load(KeyPair pair);

  const std::string& certificate() const { return pair_.certificate; }
  const KeyPair& pair() const { return pair_; }
  // For a server; names are DNS names or addresses.
  absl::StatusOr<KeyPair> IssueServer(const std::vector<std::string>& names) const;
  // For a client, who is then the user of this name.
  absl::StatusOr<KeyPair> IssueClient(const std::string& user) const;

 private:
  explicit Authority(KeyPair pair) : pair_(std::move(pair)) {}

  KeyPair pair_;
};

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_CERTIFICATES_H_
