// SPDX-License-Identifier: Apache-2.0
#include "loader/api/curl_failure.h"

#include <fmt/format.h>

namespace fairlead::api {

CurlFailure Explain(CURLcode code, std::string_view details, const std::string& server,
                    bool answered) {
  const std::string_view reason = details.empty() ? curl_easy_strerror(code) : details;
  const auto unavailable = [&](std::string_view what, bool next) {
    return CurlFailure{absl::UnavailableError(fmt::format("{}: {}: {}", server, what, reason)),
                       next};
  };
  const auto unauthenticated = [&](std::string_view what, bool next) {
    return CurlFailure{absl::UnauthenticatedError(fmt::format("{}: {}: {}", server, what, reason)),
                       next};
  };
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:  // only connecting has a limit in curl
    case CURLE_PROXY:
      return unavailable("not reached", true);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return unauthenticated("is not who it should be", true);
    case CURLE_SSL_CACERT_BADFILE:
      return unauthenticated("the certificate authority is not usable", false);
    case CURLE_SSL_CERTPROBLEM:
      return unauthenticated("the client certificate is not usable", false);
    default:
      break;
  }
  // TLS 1.3 servers look at the client's certificate when the handshake is over for the client.
  // Their alert arrives as a failed read; OpenSSL spells it "…tlsv13 alert certificate required…".
  const auto says = [&reason](std::string_view word) {
    return reason.find(word) != std::string_view::npos;
  };
  if (!answered && says("alert") &&
      (says("certificate") || says("unknown ca") || says("access denied"))) {
    CurlFailure refused = unauthenticated("refuses the client certificate", false);
    refused.refuse_credentials = true;
    return refused;
  }
  if (code == CURLE_SSL_CONNECT_ERROR) return unavailable("no TLS with it", true);
  return unavailable(answered ? "cut off" : "no answer", false);
}

}  // namespace fairlead::api
