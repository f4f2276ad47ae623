// SPDX-License-Identifier: Apache-2.0
#include "loader/api/user_credentials.h"

#include <fmt/format.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "base/status_macros.h"
#include "loader/api/ascii_text.h"
#include "loader/api/exec_credentials.h"

namespace fairlead::api {

UserCredentials::UserCredentials(User user, const Clock& clock)
    : user_(std::move(user)),
      token_({.file = user_.token.file}, clock),
      certificate_(user_.certificate, clock),
      key_(user_.key, clock) {}

absl::StatusOr<std::string> UserCredentials::ReadToken() {
  if (!token_.given()) return user_.token.text;
  const absl::StatusOr<std::string> text = token_.Text();
  if (!text.ok() && user_.token.text.empty()) return text.status();
  const std::string token(Trim(text.ok() ? *text : user_.token.text));
  if (token.empty()) return absl::InvalidArgumentError(token_.path() + ": holds no token");
  // A line break would end the header, and begin another one.
  if (!IsGraphic(token)) {
    return absl::InvalidArgumentError(token_.path() + ": holds more than a token");
  }
  return token;
}

absl::StatusOr<Credentials> UserCredentials::Read() {
  Credentials read;
  FL_ASSIGN_OR_RETURN(const std::string token, ReadToken());
  if (!token.empty()) {
    read.authorization = "Bearer " + token;
  } else if (!user_.username.empty()) {
    read.authorization = "Basic " + absl::Base64Escape(user_.username + ":" + user_.password);
  }
  FL_ASSIGN_OR_RETURN(read.certificate, certificate_.Text());
  FL_ASSIGN_OR_RETURN(read.key, key_.Text());
  const bool same = read.authorization == last_.authorization &&
                    read.certificate == last_.certificate && read.key == last_.key;
  read.generation = last_.generation + (same ? 0 : 1);
  last_ = read;
  return read;
}

void UserCredentials::Refuse(uint64_t generation) {
  if (generation != last_.generation) return;
  token_.Expire();
  certificate_.Expire();
  key_.Expire();
}

absl::StatusOr<std::unique_ptr<CredentialSource>> MakeCredentials(const User& user, Clock& clock) {
  if (user.exec) return std::make_unique<ExecCredentials>(*user.exec, clock);
  auto credentials = std::make_unique<UserCredentials>(user, clock);
  FL_RETURN_IF_ERROR(credentials->Read().status());
  return credentials;
}

}  // namespace fairlead::api
