// SPDX-License-Identifier: Apache-2.0
//
// Credentials that a program prints (client.authentication.k8s.io/v1, v1beta1),
// as kubectl's exec plugins do. It runs when credentials are needed and there are
// none, they have expired, or the server has refused them; not more often than
// every five seconds, so that neither a broken plugin nor a server that refuses
// everybody makes a storm of processes.
#ifndef FAIRLEAD_LOADER_API_EXEC_CREDENTIALS_H_
#define FAIRLEAD_LOADER_API_EXEC_CREDENTIALS_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"
#include "loader/api/credentials.h"
#include "loader/api/plugin_run.h"

namespace fairlead::api {

inline constexpr std::chrono::seconds kPluginPause{5};

// What a plugin printed.
struct PluginAnswer {
  Credentials credentials;
  std::optional<std::chrono::system_clock::time_point> expires;
};
// InvalidArgument, naming the field, for anything that is no ExecCredential of that version.
absl::StatusOr<PluginAnswer> ParsePluginAnswer(const std::string& printed,
                                               const std::string& api_version);

class ExecCredentials final : public CredentialSource {
 public:
  ExecCredentials(ExecPlugin plugin, Clock& clock);

  std::optional<absl::StatusOr<Credentials>> Get() override;
  void Refuse(uint64_t generation) override;
  void OnReady(std::function<void()> ready) override { ready_ = std::move(ready); }
  int fd() const override { return epoll_.get(); }
  void ReadReady() override;

 private:
  void Run();
  void Ended(absl::StatusOr<std::string> printed);
  absl::Status Complaint(const absl::Status& status) const;

  ExecPlugin plugin_;
  Clock& clock_;
  UniqueFd epoll_;  // holds that of the run
  std::function<void()> ready_;
  std::unique_ptr<PluginRun> run_;
  std::optional<Clock::Time> started_at_;
  std::optional<PluginAnswer> answer_;
  bool refused_ = false;
  absl::Status failure_;  // of the last run
  uint64_t generation_ = 0;
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_EXEC_CREDENTIALS_H_
