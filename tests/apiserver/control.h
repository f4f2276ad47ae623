// SPDX-License-Identifier: Apache-2.0
//
// Faults by request, for scripts: a JSON object is POSTed to the server's control
// socket. One member is one command:
//
//   curl --unix-socket DIR/control.sock http://control/ -d '{"refuse":{"code":503,"times":3}}'
//
//   {"refuse":{"code":429,"retryAfter":1,"kind":"pods","watches":true,"times":3}}
//   {"spoil":{"how":"cut","after":100,"kind":"services","times":1,"running":true}}
//       how: cut, end, stall, drip (with "count"), garbage (with "bytes")
//   {"deny":{"verb":"list","kind":"nodes"}}      {"allow":{…}}
//   {"accept":{"token":"…","user":"…"}}          {"revoke":"TOKEN"}
//   {"connections":"close"}     those there are; "refuse", "listen", "hold", "release"
//   {"handshakes":"stall"}      of new connections: "close", "garbage", "stall", "right"
//   {"certificate":"wrongName"} "wrongAuthority", "right"
//   {"compact":true}            {"restart":true}            {"heal":true}
#ifndef FAIRLEAD_TESTS_APISERVER_CONTROL_H_
#define FAIRLEAD_TESTS_APISERVER_CONTROL_H_

#include "absl/status/status.h"
#include "tests/apiserver/api_server.h"

namespace fairlead::apiserver {

// InvalidArgument names what was not understood; what stood before it is done.
absl::Status Command(ApiServer& server, const Json& command);

// For ApiServer::ServeUnix.
Handler ControlHandler(ApiServer& server);

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_CONTROL_H_
