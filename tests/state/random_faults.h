// SPDX-License-Identifier: Apache-2.0
//
// What goes wrong with an API server and the way there, drawn by lot.
#ifndef FAIRLEAD_TESTS_STATE_RANDOM_FAULTS_H_
#define FAIRLEAD_TESTS_STATE_RANDOM_FAULTS_H_

#include <functional>
#include <optional>
#include <random>
#include <string>

#include "tests/apiserver/api_server.h"

namespace fairlead::testing {

class RandomFaults {
 public:
  // `write_token` puts a token where the client reads it.
  RandomFaults(uint64_t seed, std::function<void(const std::string&)> write_token)
      : random_(seed), write_token_(std::move(write_token)) {}

  // One more thing goes wrong. Says what. On the server's thread, as Heal.
  std::string Break(apiserver::ApiServer& server);
  // The server is well again, and says what is true.
  void Heal(apiserver::ApiServer& server);

 private:
  int Draw(int count) { return static_cast<int>(random_() % static_cast<uint64_t>(count)); }
  apiserver::Match DrawMatch();
  std::string RefuseRequests(apiserver::ApiServer& server);
  std::string SpoilStreams(apiserver::ApiServer& server);
  std::string BreakConnections(apiserver::ApiServer& server);
  std::string RotateToken(apiserver::ApiServer& server);
  std::string Restart(apiserver::ApiServer& server);

  std::mt19937_64 random_;
  std::function<void(const std::string&)> write_token_;
  std::string token_;
  std::optional<apiserver::Store> saved_;
};

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_STATE_RANDOM_FAULTS_H_
