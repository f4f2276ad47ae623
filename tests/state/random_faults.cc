// SPDX-License-Identifier: Apache-2.0
//
// See random_faults.h.
#include "tests/state/random_faults.h"

#include <fmt/format.h>

#include <array>

#include "loader/netlink/scratch_netns.h"

namespace fairlead::testing {
namespace {

using apiserver::ApiServer;
using apiserver::ConnectionFault;
using apiserver::ServedCertificate;
using apiserver::StreamFault;

constexpr std::array kKinds = {"services",   "endpointslices", "nodes",           "pods",
                               "namespaces", "servicecidrs",   "networkpolicies", ""};

}  // namespace

apiserver::Match RandomFaults::DrawMatch() {
  apiserver::Match match{.plural = kKinds.at(static_cast<size_t>(Draw(kKinds.size()))),
                         .times = 1 + Draw(3)};
  if (const int which = Draw(3); which < 2) match.watches = which == 0;
  return match;
}

std::string RandomFaults::RefuseRequests(ApiServer& server) {
  constexpr std::array kCodes = {401, 403, 429, 500, 503, 504};
  const int code = kCodes.at(static_cast<size_t>(Draw(kCodes.size())));
  server.api().faults().Refuse({.code = code, .retry_after = code == 429 ? 1 : 0}, DrawMatch());
  // So that somebody asks.
  server.api().faults().SpoilRunning({.kind = StreamFault::Kind::kCut}, DrawMatch());
  return fmt::format("refuses with {}", code);
}

std::string RandomFaults::SpoilStreams(ApiServer& server) {
  StreamFault fault{.kind = static_cast<StreamFault::Kind>(Draw(5)),
                    .after = static_cast<size_t>(Draw(3000)),
                    .count = static_cast<size_t>(1 + Draw(200)),
                    .bytes = "\x01garbage\n{\"type\":\"ADDED\"}"};
  if (Draw(2) == 0) {
    server.api().faults().SpoilRunning(fault, DrawMatch());
    return fmt::format("spoils running streams, way {}", static_cast<int>(fault.kind));
  }
  server.api().faults().Spoil(fault, DrawMatch());
  server.api().faults().SpoilRunning({.kind = StreamFault::Kind::kCut}, DrawMatch());
  return fmt::format("spoils answers, way {}", static_cast<int>(fault.kind));
}

std::string RandomFaults::BreakConnections(ApiServer& server) {
  switch (Draw(5)) {
    case 0:
      server.CloseConnections();
      return "closes all connections";
    case 1:
      server.StopListening();
      server.CloseConnections();
      return "listens no more";
    case 2:
      server.SetConnectionFault(static_cast<ConnectionFault>(1 + Draw(3)));
      server.CloseConnections();
      return "fails in handshakes";
    case 3:
      MustOk(server.ServeCertificate(Draw(2) == 0 ? ServedCertificate::kWrongName
                                                  : ServedCertificate::kWrongAuthority));
      server.CloseConnections();
      return "shows a wrong certificate";
    default:
      server.HoldConnections();
      server.CloseConnections();
      return "lets connections wait";
  }
}

std::string RandomFaults::RotateToken(ApiServer& server) {
  if (!token_.empty()) server.api().access().RevokeToken(token_);
  token_ = apiserver::MakeUid();
  server.api().access().AddToken(token_, "rotated");
  write_token_(token_);
  server.CloseConnections();
  return "revokes the token";
}

std::string RandomFaults::Restart(ApiServer& server) {
  switch (Draw(4)) {
    case 0:
      saved_ = server.api().store();
      return "saves its state";
    case 1:
      if (saved_) {
        server.Restore(*saved_, ApiServer::RestoredVersion::kRaised);
        return "restarts with what it had saved";
      }
      [[fallthrough]];
    case 2:
      server.Restart();
      return "restarts";
    default:
      server.api().store().Compact();
      server.api().faults().SpoilRunning({.kind = StreamFault::Kind::kCut}, DrawMatch());
      return "forgets old changes";
  }
}

std::string RandomFaults::Break(ApiServer& server) {
  switch (Draw(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return RefuseRequests(server);
    case 4:
    case 5:
    case 6:
    case 7:
      return SpoilStreams(server);
    case 8:
      return BreakConnections(server);
    case 9:
      return RotateToken(server);
    case 10: {
      const auto which = static_cast<size_t>(Draw(kKinds.size() - 1));
      server.api().access().Deny(Draw(2) == 0 ? "list" : "watch", kKinds.at(which));
      server.api().faults().SpoilRunning({.kind = StreamFault::Kind::kEnd},
                                         {.plural = kKinds.at(which)});
      return fmt::format("takes the right to {} away", kKinds.at(which));
    }
    default:
      return Restart(server);
  }
}

void RandomFaults::Heal(ApiServer& server) {
  server.api().faults().Heal();
  server.api().access().AllowAll();
  server.SetConnectionFault(ConnectionFault::kNone);
  MustOk(server.ServeCertificate(ServedCertificate::kRight));
  server.ReleaseConnections();
  MustOk(server.ListenAgain());
}

}  // namespace fairlead::testing
