// SPDX-License-Identifier: Apache-2.0
//
// An API server inside a test, on a thread of its own. It listens at the loopback
// address of the network namespace in which it was started.
//
//   const auto server = Must(TestApiServer::Start({}));
//   server->Put("services", json);
//   … a client with server->Kubeconfig() …
//   server->Do([](ApiServer& api) { api.CloseConnections(); });
#ifndef FAIRLEAD_TESTS_APISERVER_TEST_API_SERVER_H_
#define FAIRLEAD_TESTS_APISERVER_TEST_API_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/statusor.h"
#include "tests/apiserver/api_server.h"
#include "tests/apiserver/kubeconfig_text.h"

namespace fairlead::apiserver {

class TestApiServer {
 public:
  // The token that is known from the start, and the user whose it is.
  static constexpr char kToken[] = "secret-of-the-test";
  static constexpr char kUser[] = "system:serviceaccount:kube-system:fairlead";

  static absl::StatusOr<std::unique_ptr<TestApiServer>> Start(const ServerOptions& options);
  TestApiServer(const TestApiServer&) = delete;
  TestApiServer& operator=(const TestApiServer&) = delete;
  ~TestApiServer();

  // Runs `what` on the server's thread and waits for it.
  void Do(const std::function<void(ApiServer&)>& what);

  // Known from the start, and the same for good.
  const std::string& url() const { return url_; }
  uint16_t port() const { return port_; }
  const std::string& authority() const { return authority_; }  // in PEM
  // With kToken, or with a client certificate for `user`.
  std::string Kubeconfig() const;
  absl::StatusOr<std::string> KubeconfigWithCertificate(const std::string& user);

  // For short.
  Version Put(std::string_view plural, const Json& object);
  Version Erase(std::string_view plural, const std::string& key);
  Version version();

 private:
  explicit TestApiServer(std::unique_ptr<ApiServer> server);

  std::unique_ptr<ApiServer> server_;
  std::string url_;
  uint16_t port_;
  std::string authority_;
  std::thread thread_;
};

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_TEST_API_SERVER_H_
