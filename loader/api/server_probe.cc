// SPDX-License-Identifier: Apache-2.0
#include "loader/api/server_probe.h"

#include <fmt/format.h>

#include "base/log.h"

namespace fairlead::api {

ServerProbe::ServerProbe(HttpTransport& transport, Clock& clock, std::chrono::milliseconds after,
                         std::chrono::milliseconds limit)
    : transport_(transport), clock_(clock), after_(after), limit_(limit) {
  LookIn(after_);
}

void ServerProbe::LookIn(std::chrono::nanoseconds delay) {
  next_ = clock_.After(delay, [this] { Look(); });
}

void ServerProbe::Look() {
  const auto silence = clock_.Now() - transport_.last_heard();
  if (silence < after_) return LookIn(after_ - silence);
  if (!transport_.IsListening()) return LookIn(after_);
  question_ = transport_.Send({.target = "/version", .quiet_limit = limit_}, *this);
}

void ServerProbe::End(const absl::Status& status) {
  question_.reset();
  LookIn(after_);
  if (!absl::IsDeadlineExceeded(status)) return;  // otherwise the others notice, too
  LogWarn("the API server does not answer any more: {}", std::string(status.message()));
  transport_.Disconnect(std::string(status.message()));
}

}  // namespace fairlead::api
