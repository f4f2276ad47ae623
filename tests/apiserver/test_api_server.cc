// SPDX-License-Identifier: Apache-2.0
//
// See test_api_server.h.
#include "tests/apiserver/test_api_server.h"

#include <future>

#include "base/log.h"
#include "base/status_macros.h"

namespace fairlead::apiserver {

absl::StatusOr<std::unique_ptr<TestApiServer>> TestApiServer::Start(const ServerOptions& options) {
  FL_ASSIGN_OR_RETURN(std::unique_ptr<ApiServer> server, ApiServer::Create(options));
  server->api().access().AddToken(kToken, kUser);
  return std::unique_ptr<TestApiServer>(new TestApiServer(std::move(server)));
}

TestApiServer::TestApiServer(std::unique_ptr<ApiServer> server)
    : server_(std::move(server)),
      url_(server_->Url()),
      port_(server_->addresses().front().port),
      authority_(server_->authority().certificate()),
      thread_([this] {
        if (const absl::Status status = server_->Run(); !status.ok()) {
          LogError("test API server: {}", status.ToString());
        }
      }) {}

TestApiServer::~TestApiServer() {
  server_->Stop();
  thread_.join();
}

void TestApiServer::Do(const std::function<void(ApiServer&)>& what) {
  std::promise<void> done;
  server_->Post([&] {
    what(*server_);
    done.set_value();
  });
  done.get_future().wait();
}

std::string TestApiServer::Kubeconfig() const {
  return KubeconfigText({.server = url_, .authority = authority_, .token = kToken});
}

absl::StatusOr<std::string> TestApiServer::KubeconfigWithCertificate(const std::string& user) {
  // The authority never changes: no need for the server's thread.
  FL_ASSIGN_OR_RETURN(const KeyPair pair, server_->authority().IssueClient(user));
  return KubeconfigText({.server = url_, .authority = authority_, .client = pair});
}

Version TestApiServer::Put(std::string_view plural, const Json& object) {
  Version version = 0;
  Do([&](ApiServer& server) {
    version = server.api().store().Put(ResourceOf(plural), object)->version;
  });
  return version;
}

Version TestApiServer::Erase(std::string_view plural, const std::string& key) {
  Version version = 0;
  Do([&](ApiServer& server) {
    server.api().store().Erase(ResourceOf(plural), key);
    version = server.api().store().version();
  });
  return version;
}

Version TestApiServer::version() {
  Version version = 0;
  Do([&](ApiServer& server) { version = server.api().store().version(); });
  return version;
}

}  // namespace fairlead::apiserver
