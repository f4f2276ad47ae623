// SPDX-License-Identifier: Apache-2.0
//
// What a request says about who sends it. Credentials change while we run:
// files rotate, plugins are asked again. A transport takes them per request.
#ifndef FAIRLEAD_LOADER_API_CREDENTIALS_H_
#define FAIRLEAD_LOADER_API_CREDENTIALS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "loader/api/access.h"
#include "loader/api/clock.h"

namespace fairlead::api {

struct Credentials {
  std::string authorization = {};  // the header's value; empty: not sent
  std::string certificate = {};    // PEM, with its chain; empty: none
  std::string key = {};            // PEM
  uint64_t generation = 0;         // of their source
};

class CredentialSource {
 public:
  virtual ~CredentialSource() = default;

  // For a request that begins now. nullopt: they are being fetched, `ready` tells when to ask
  // again. An error says what is wrong with them and where.
  virtual std::optional<absl::StatusOr<Credentials>> Get() = 0;
  // The server refused those of this generation: they are read anew for the next request.
  virtual void Refuse(uint64_t generation) = 0;
  // Called on the loop's thread, never from within Get().
  virtual void OnReady(std::function<void()> ready) = 0;
  // Readable when ReadReady() has something to do; -1: never.
  virtual int fd() const { return -1; }
  virtual void ReadReady() {}
};

// For `user`, whatever it has. The clock must outlive the source.
absl::StatusOr<std::unique_ptr<CredentialSource>> MakeCredentials(const User& user, Clock& clock);

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_CREDENTIALS_H_
