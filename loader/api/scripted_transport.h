// SPDX-License-Identifier: Apache-2.0
//
// For tests: a connection whose other end is the test.
#ifndef FAIRLEAD_LOADER_API_SCRIPTED_TRANSPORT_H_
#define FAIRLEAD_LOADER_API_SCRIPTED_TRANSPORT_H_

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loader/api/transport.h"

namespace fairlead::api {

class ScriptedTransport : public Transport {
 public:
  // One request, and what the test answers.
  class Call {
   public:
    const Request& request() const { return request_; }
    const std::string& target() const { return request_.target; }
    // The receiver wants no more of it, or it has ended.
    bool over() const { return receiver_ == nullptr; }

    Call& Begin(int code = 200) { return Begin(ResponseHead{.code = code}); }
    Call& Begin(const ResponseHead& head) {
      if (!over()) receiver_->Begin(head);
      return *this;
    }
    Call& Bytes(std::string_view bytes) {
      if (!over()) receiver_->Receive(bytes);
      return *this;
    }
    void End(const absl::Status& status = absl::OkStatus()) {
      if (!over()) std::exchange(receiver_, nullptr)->End(status);
    }
    // The whole answer.
    void Answer(std::string_view body) { Answer(200, body); }
    void Answer(int code, std::string_view body) { Begin(code).Bytes(body).End(); }

   private:
    friend class ScriptedTransport;
    Call(Request request, Receiver& receiver)
        : request_(std::move(request)), receiver_(&receiver) {}
    Request request_;
    Receiver* receiver_;
  };

  std::unique_ptr<Exchange> Send(Request request, Receiver& receiver) override {
    calls_.push_back(std::shared_ptr<Call>(new Call(std::move(request), receiver)));
    return std::make_unique<Open>(calls_.back());
  }

  const std::vector<std::shared_ptr<Call>>& calls() const { return calls_; }
  Call& last() const { return *calls_.back(); }
  // The last request for this path.
  Call& LastOf(std::string_view path) const {
    for (auto call = calls_.rbegin(); call != calls_.rend(); ++call) {
      const std::string_view target = (*call)->target();
      if (target.substr(0, target.find('?')) == path) return **call;
    }
    return last();
  }

 private:
  class Open : public Exchange {
   public:
    explicit Open(std::shared_ptr<Call> call) : call_(std::move(call)) {}
    ~Open() override { call_->receiver_ = nullptr; }

   private:
    const std::shared_ptr<Call> call_;
  };

  std::vector<std::shared_ptr<Call>> calls_;
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_SCRIPTED_TRANSPORT_H_
