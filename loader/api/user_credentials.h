// SPDX-License-Identifier: Apache-2.0
//
// Credentials that lie in files or in the kubeconfig itself.
#ifndef FAIRLEAD_LOADER_API_USER_CREDENTIALS_H_
#define FAIRLEAD_LOADER_API_USER_CREDENTIALS_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "loader/api/credentials.h"
#include "loader/api/rotating_file.h"

namespace fairlead::api {

class UserCredentials final : public CredentialSource {
 public:
  UserCredentials(User user, const Clock& clock);

  std::optional<absl::StatusOr<Credentials>> Get() override { return Read(); }
  void Refuse(uint64_t generation) override;
  void OnReady(std::function<void()> /*ready*/) override {}  // they always are

  // Now, whatever there is.
  absl::StatusOr<Credentials> Read();

 private:
  absl::StatusOr<std::string> ReadToken();

  User user_;
  RotatingFile token_;
  RotatingFile certificate_;
  RotatingFile key_;
  Credentials last_;
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_USER_CREDENTIALS_H_
