// SPDX-License-Identifier: Apache-2.0
//
// What HttpTransport knows of one request, from Send() to End().
#ifndef FAIRLEAD_LOADER_API_HTTP_ENTRY_H_
#define FAIRLEAD_LOADER_API_HTTP_ENTRY_H_

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "loader/api/http_transport.h"
#include "loader/api/transfer.h"

namespace fairlead::api {

// The caller's end of a request. Either end may go first.
class HttpTransport::Handle final : public Exchange {
 public:
  Handle(HttpTransport& transport, Entry& entry) : transport_(transport), entry_(&entry) {}
  ~Handle() override {
    if (entry_ != nullptr) transport_.Cancel(*entry_);
  }

 private:
  friend class HttpTransport;
  HttpTransport& transport_;
  Entry* entry_;  // nullptr: it has ended
};

class HttpTransport::Entry final : public TransferListener {
 public:
  enum class State {
    kQueued,     // credentials or a server are to be found
    kRunning,    // in curl
    kEnded,      // End() is to be called
    kCancelled,  // within curl; is forgotten as soon as curl has returned
  };

  Entry(HttpTransport& transport, Request sent, Receiver& listener)
      : request(std::move(sent)), receiver(listener), transport_(transport) {}

  bool Began(const ResponseHead& head) override {
    transport_.Heard(*this, head);
    if (state == State::kRunning) receiver.Begin(head);
    return state == State::kRunning;
  }
  bool Received(std::string_view bytes) override {
    last_byte = transport_.last_heard_ = transport_.clock_.Now();
    if (state == State::kRunning) receiver.Receive(bytes);
    return state == State::kRunning;
  }

  // For the state that it is in.
  std::chrono::milliseconds quiet_limit() const {
    const bool begun = transfer != nullptr && transfer->begun();
    return begun || request.begin_limit.count() == 0 ? request.quiet_limit : request.begin_limit;
  }

  const Request request;
  Receiver& receiver;
  Handle* handle = nullptr;
  State state = State::kQueued;
  std::unique_ptr<Transfer> transfer;
  std::vector<std::string> tried;  // servers, by URL
  std::string failures;            // of theirs
  absl::Status end;
  Clock::Time last_byte;
  std::unique_ptr<Alarm> quiet;

 private:
  HttpTransport& transport_;
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_HTTP_ENTRY_H_
