// SPDX-License-Identifier: Apache-2.0
//
// See control.h.
#include "tests/apiserver/control.h"

#include <map>

#include "base/status_macros.h"

namespace fairlead::apiserver {
namespace {

absl::Status Unknown(const std::string& what) {
  return absl::InvalidArgumentError("not understood: " + what);
}

Match MatchOf(const Json& command) {
  Match match{.plural = command.value("kind", ""), .times = command.value("times", 1)};
  if (command.contains("watches")) match.watches = command.value("watches", false);
  return match;
}

absl::Status Spoil(Faults& faults, const Json& command) {
  static const std::map<std::string, StreamFault::Kind> kKinds = {
      {"cut", StreamFault::Kind::kCut},
      {"end", StreamFault::Kind::kEnd},
      {"stall", StreamFault::Kind::kStall},
      {"drip", StreamFault::Kind::kDrip},
      {"garbage", StreamFault::Kind::kGarbage}};
  const auto kind = kKinds.find(command.value("how", ""));
  if (kind == kKinds.end()) return Unknown("how");
  const StreamFault fault{.kind = kind->second,
                          .after = command.value("after", size_t{0}),
                          .count = command.value("count", size_t{1}),
                          .bytes = command.value("bytes", "")};
  if (command.value("running", false)) {
    faults.SpoilRunning(fault, MatchOf(command));
  } else {
    faults.Spoil(fault, MatchOf(command));
  }
  return absl::OkStatus();
}

absl::Status Connections(ApiServer& server, const std::string& what) {
  if (what == "listen") return server.ListenAgain();
  if (what == "refuse") {
    server.StopListening();
    server.CloseConnections();
  } else if (what == "close") {
    server.CloseConnections();
  } else if (what == "hold") {
    server.HoldConnections();
  } else if (what == "release") {
    server.ReleaseConnections();
  } else {
    return Unknown(what);
  }
  return absl::OkStatus();
}

absl::Status Handshakes(ApiServer& server, const std::string& what) {
  static const std::map<std::string, ConnectionFault> kFaults = {
      {"right", ConnectionFault::kNone},
      {"close", ConnectionFault::kClose},
      {"garbage", ConnectionFault::kGarbage},
      {"stall", ConnectionFault::kStall}};
  const auto fault = kFaults.find(what);
  if (fault == kFaults.end()) return Unknown(what);
  server.SetConnectionFault(fault->second);
  return absl::OkStatus();
}

absl::Status Certificate(ApiServer& server, const std::string& what) {
  static const std::map<std::string, ServedCertificate> kCertificates = {
      {"right", ServedCertificate::kRight},
      {"wrongName", ServedCertificate::kWrongName},
      {"wrongAuthority", ServedCertificate::kWrongAuthority}};
  const auto which = kCertificates.find(what);
  if (which == kCertificates.end()) return Unknown(what);
  return server.ServeCertificate(which->second);
}

absl::Status One(ApiServer& server, const std::string& name, const Json& value) {
  Api& api = server.api();
  if (name == "refuse") {
    api.faults().Refuse(
        {.code = value.value("code", 500), .retry_after = value.value("retryAfter", 0)},
        MatchOf(value));
  } else if (name == "spoil") {
    return Spoil(api.faults(), value);
  } else if (name == "deny") {
    api.access().Deny(value.value("verb", ""), value.value("kind", ""));
  } else if (name == "allow") {
    api.access().Allow(value.value("verb", ""), value.value("kind", ""));
  } else if (name == "accept") {
    api.access().AddToken(value.value("token", ""), value.value("user", ""));
  } else if (name == "revoke") {
    api.access().RevokeToken(value.get<std::string>());
  } else if (name == "connections") {
    return Connections(server, value.get<std::string>());
  } else if (name == "handshakes") {
    return Handshakes(server, value.get<std::string>());
  } else if (name == "certificate") {
    return Certificate(server, value.get<std::string>());
  } else if (name == "compact") {
    api.store().Compact();
  } else if (name == "restart") {
    server.Restart();
  } else if (name == "heal") {
    api.faults().Heal();
    api.access().AllowAll();
    server.SetConnectionFault(ConnectionFault::kNone);
    return server.ServeCertificate(ServedCertificate::kRight);
  } else {
    return Unknown(name);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Command(ApiServer& server, const Json& command) {
  try {
    for (const auto& [name, value] : command.items()) FL_RETURN_IF_ERROR(One(server, name, value));
    return absl::OkStatus();
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
}

Handler ControlHandler(ApiServer& server) {
  return [&server](const Request& request) {
    const auto command = ParseJson(request.body);
    const absl::Status status = command.ok() ? Command(server, *command) : command.status();
    return TextAnswer(status.ok() ? 200 : 400, "text/plain; charset=utf-8",
                      status.ok() ? "ok\n" : std::string(status.message()) + "\n");
  };
}

}  // namespace fairlead::apiserver
