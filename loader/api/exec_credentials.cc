// SPDX-License-Identifier: Apache-2.0
#include "loader/api/exec_credentials.h"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/time/time.h"
#include "base/status_macros.h"
#include "loader/api/ascii_text.h"
#include "loader/kube/field_reader.h"
#include "loader/kube/yaml_documents.h"

namespace fairlead::api {
namespace {

using kube::FieldReader;
using nlohmann::json;

// The one JSON value of a text.
absl::StatusOr<json> ReadValue(const std::string& text) {
  json value;
  const auto error = kube::ReadJsonDocument(
      text, [&value](kube::Document&& document) { value = std::move(document.value); });
  if (error) {
    return absl::InvalidArgumentError(
        fmt::format("prints no JSON: line {}: {}", error->line, error->reason));
  }
  if (value.is_null()) return absl::InvalidArgumentError("prints nothing");
  return value;
}

// What the plugin is told (KUBERNETES_EXEC_INFO).
std::string ExecInfo(const ExecPlugin& plugin) {
  json spec = {{"interactive", false}};
  if (!plugin.cluster_json.empty()) {
    spec["cluster"] = json::parse(plugin.cluster_json, nullptr, /*allow_exceptions=*/false);
  }
  const json info = {
      {"kind", "ExecCredential"}, {"apiVersion", plugin.api_version}, {"spec", spec}};
  return info.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

absl::StatusOr<PluginAnswer> ParsePluginAnswer(const std::string& printed,
                                               const std::string& api_version) {
  FL_ASSIGN_OR_RETURN(const json value, ReadValue(printed));
  absl::Status error;
  const FieldReader root(value, error);
  if (root.Field("kind").Text() != "ExecCredential") {
    root.Field("kind").Fail("must be ExecCredential");
  }
  if (root.Field("apiVersion").Text() != api_version) {
    root.Field("apiVersion").Fail(fmt::format("must be {}, as the kubeconfig says", api_version));
  }
  const FieldReader status = root.Field("status");
  if (!status.present()) status.Fail("is missing");
  const std::string token = status.Field("token").Text();
  PluginAnswer answer;
  answer.credentials.certificate = status.Field("clientCertificateData").Text();
  answer.credentials.key = status.Field("clientKeyData").Text();
  if (!IsGraphic(token)) {
    status.Field("token").Fail("holds more than a token");
  }
  if (!token.empty()) answer.credentials.authorization = "Bearer " + token;
  if (answer.credentials.certificate.empty() != answer.credentials.key.empty()) {
    status.Fail("needs both clientCertificateData and clientKeyData, or neither");
  }
  if (token.empty() && answer.credentials.certificate.empty()) {
    status.Fail("holds neither a token nor a client certificate");
  }
  const FieldReader expires = status.Field("expirationTimestamp");
  absl::Time time;
  std::string reason;
  if (expires.present() && absl::ParseTime(absl::RFC3339_full, expires.Text(), &time, &reason)) {
    answer.expires = absl::ToChronoTime(time);
  } else if (expires.present()) {
    expires.Fail(fmt::format("must be a time of RFC 3339, is \"{}\"", expires.Text()));
  }
  FL_RETURN_IF_ERROR(error);
  return answer;
}

ExecCredentials::ExecCredentials(ExecPlugin plugin, Clock& clock)
    : plugin_(std::move(plugin)), clock_(clock), epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

std::optional<absl::StatusOr<Credentials>> ExecCredentials::Get() {
  const bool expired =
      answer_ && answer_->expires && *answer_->expires <= std::chrono::system_clock::now();
  if (answer_ && !expired && !refused_) return answer_->credentials;
  if (run_ != nullptr) return std::nullopt;
  const bool may_run = !started_at_ || clock_.Now() - *started_at_ >= kPluginPause;
  if (may_run) Run();
  if (run_ != nullptr) return std::nullopt;
  if (!failure_.ok()) return failure_;
  return answer_->credentials;  // the server says what it thinks of them
}

void ExecCredentials::Run() {
  started_at_ = clock_.Now();
  PluginCommand command{.program = plugin_.command, .arguments = plugin_.arguments};
  command.environment = plugin_.environment;
  command.environment.emplace_back("KUBERNETES_EXEC_INFO", ExecInfo(plugin_));
  auto run = PluginRun::Start(
      command, clock_, [this](absl::StatusOr<std::string> printed) { Ended(std::move(printed)); });
  if (!run.ok()) {
    failure_ = Complaint(run.status());
    return;
  }
  run_ = *std::move(run);
  epoll_event event{};
  event.events = EPOLLIN;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, run_->fd(), &event) != 0) {
    failure_ = Complaint(absl::InternalError("cannot be watched"));
    run_.reset();
  }
}

void ExecCredentials::ReadReady() {
  if (run_ != nullptr) run_->ReadReady();
}

void ExecCredentials::Ended(absl::StatusOr<std::string> printed) {
  const std::unique_ptr<PluginRun> over = std::move(run_);
  absl::StatusOr<PluginAnswer> answer =
      printed.ok() ? ParsePluginAnswer(*printed, plugin_.api_version) : printed.status();
  failure_ = answer.ok() ? absl::OkStatus() : Complaint(answer.status());
  if (answer.ok()) {
    answer_ = *std::move(answer);
    answer_->credentials.generation = ++generation_;
    refused_ = false;
  }
  if (ready_) ready_();
}

void ExecCredentials::Refuse(uint64_t generation) {
  if (generation == generation_) refused_ = true;
}

absl::Status ExecCredentials::Complaint(const absl::Status& status) const {
  std::string text = fmt::format("the credential plugin \"{}\": {}", plugin_.command,
                                 std::string(status.message()));
  if (absl::IsNotFound(status) && !plugin_.install_hint.empty()) {
    text += fmt::format("; {}", Trim(plugin_.install_hint));
  }
  return absl::UnauthenticatedError(text);
}

}  // namespace fairlead::api
