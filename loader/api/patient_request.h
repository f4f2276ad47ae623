// SPDX-License-Identifier: Apache-2.0
//
// One thing that the API server is to be told, however long that takes: it is
// sent again, with growing pauses, until somebody has taken or refused it.
#ifndef FAIRLEAD_LOADER_API_PATIENT_REQUEST_H_
#define FAIRLEAD_LOADER_API_PATIENT_REQUEST_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "loader/api/backoff.h"
#include "loader/api/clock.h"
#include "loader/api/transport.h"

namespace fairlead::api {

class PatientRequest final : public Receiver {
 public:
  // `code` is below 300, or says no for good; `body` is the beginning of the answer.
  using Ended = std::function<void(int code, const std::string& body)>;

  // Both must outlive it. Destroying it gives up. `ended` may do so.
  PatientRequest(Transport& transport, Clock& clock, uint64_t seed, Request request, Ended ended);
  PatientRequest(const PatientRequest&) = delete;
  PatientRequest& operator=(const PatientRequest&) = delete;

  void Begin(const ResponseHead& head) override { head_ = head; }
  void Receive(std::string_view bytes) override;
  void End(const absl::Status& status) override;

 private:
  void Send();

  Transport& transport_;
  Clock& clock_;
  Backoff backoff_;
  const Request request_;
  const Ended ended_;
  ResponseHead head_;
  std::string body_;
  std::unique_ptr<Alarm> pause_;
  std::unique_ptr<Exchange> exchange_;
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_PATIENT_REQUEST_H_
