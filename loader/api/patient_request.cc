// SPDX-License-Identifier: Apache-2.0
#include "loader/api/patient_request.h"

#include <algorithm>

namespace fairlead::api {
namespace {

constexpr size_t kMostBodyBytes = 4096;
constexpr std::chrono::seconds kQuietLimit{30};

// 401: the transport has read its credentials again by the next time.
bool MayPass(int code) { return code == 401 || code == 408 || code == 429 || code >= 500; }

}  // namespace

PatientRequest::PatientRequest(Transport& transport, Clock& clock, uint64_t seed, Request request,
                               Ended ended)
    : transport_(transport),
      clock_(clock),
      backoff_(seed),
      request_(std::move(request)),
      ended_(std::move(ended)) {
  Send();
}

void PatientRequest::Send() {
  head_ = {};
  body_.clear();
  Request request = request_;
  request.quiet_limit = kQuietLimit;
  exchange_ = transport_.Send(std::move(request), *this);
}

void PatientRequest::Receive(std::string_view bytes) {
  body_.append(bytes.substr(0, kMostBodyBytes - body_.size()));
}

void PatientRequest::End(const absl::Status& status) {
  const bool answered = status.ok() && head_.code != 0;
  if (!answered || MayPass(head_.code)) {
    const std::chrono::nanoseconds pause = std::max<std::chrono::nanoseconds>(
        backoff_.Next(clock_.Now()), head_.retry_after.value_or(std::chrono::seconds(0)));
    pause_ = clock_.After(pause, [this] { Send(); });
    return;
  }
  const Ended ended = ended_;  // it may destroy this
  ended(head_.code, std::string(body_));
}

}  // namespace fairlead::api
