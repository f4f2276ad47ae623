// SPDX-License-Identifier: Apache-2.0
//
// See access.h.
#include "tests/apiserver/access.h"

namespace fairlead::apiserver {

std::optional<std::string> Access::UserOf(const Request& request) const {
  if (request.bad_certificate) return std::nullopt;
  if (!request.certificate_user.empty()) {
    if (!certificates_) return std::nullopt;
    return request.certificate_user;
  }
  const std::string authorization = request.Header("authorization");
  if (authorization.empty()) return kAnonymous;
  constexpr std::string_view kBearer = "Bearer ";
  if (!authorization.starts_with(kBearer)) return std::nullopt;
  const auto found = users_.find(authorization.substr(kBearer.size()));
  if (found == users_.end()) return std::nullopt;
  return found->second;
}

bool Access::May(const std::string& user, const std::string& verb,
                 const std::string& plural) const {
  return user != kAnonymous && !denied_.contains({verb, plural});
}

}  // namespace fairlead::apiserver
