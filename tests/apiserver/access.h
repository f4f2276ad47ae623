// SPDX-License-Identifier: Apache-2.0
//
// Who asks, and what they may: bearer tokens, client certificates, and rights
// that can be taken away.
#ifndef FAIRLEAD_TESTS_APISERVER_ACCESS_H_
#define FAIRLEAD_TESTS_APISERVER_ACCESS_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "tests/apiserver/http_message.h"

namespace fairlead::apiserver {

inline constexpr char kAnonymous[] = "system:anonymous";

class Access {
 public:
  void AddToken(const std::string& token, const std::string& user) { users_[token] = user; }
  void RevokeToken(const std::string& token) { users_.erase(token); }
  void RevokeCertificates() { certificates_ = false; }
  void AcceptCertificates() { certificates_ = true; }

  // Takes a verb ("list") on a kind ("nodes") away from everybody, and gives it back. Watches that
  // run go on, as on a kube-apiserver.
  void Deny(const std::string& verb, const std::string& plural) { denied_.insert({verb, plural}); }
  void Allow(const std::string& verb, const std::string& plural) { denied_.erase({verb, plural}); }
  void AllowAll() { denied_.clear(); }

  // kAnonymous without credentials; nothing if they are wrong.
  std::optional<std::string> UserOf(const Request& request) const;
  // Everybody may see versions and health; anonymous users no more than that.
  bool May(const std::string& user, const std::string& verb, const std::string& plural) const;

 private:
  std::map<std::string, std::string> users_;  // by token
  bool certificates_ = true;
  std::set<std::pair<std::string, std::string>> denied_;
};

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_ACCESS_H_
