// SPDX-License-Identifier: Apache-2.0
//
// See own_work.h.
#include "bench/state/own_work.h"

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "loader/api/api_source.h"
#include "loader/kube/object_store.h"

namespace fairlead::bench {
namespace {

constexpr char kToken[] = "in-memory";
// As much as HTTP/2 frames and libcurl hand over at a time.
constexpr size_t kPiece = 16 * 1024;

std::chrono::nanoseconds ThreadCpu() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// No alarm ever rings: nothing is waited for here.
class NoClock : public api::Clock {
 public:
  Time Now() const override { return std::chrono::steady_clock::now(); }
  std::unique_ptr<api::Alarm> After(std::chrono::nanoseconds /*delay*/,
                                    std::function<void()> /*ring*/) override {
    return std::make_unique<api::Alarm>();
  }
};

// Asks the server by a call, and counts what the receivers cost.
class MemoryTransport : public api::Transport {
 public:
  explicit MemoryTransport(apiserver::Api& api) : api_(api) {}

  std::unique_ptr<api::Exchange> Send(api::Request request, api::Receiver& receiver) override {
    sent_.push_back(std::make_shared<Sent>(Sent{std::move(request), &receiver}));
    return std::make_unique<Open>(sent_.back());
  }

  // Answers what is asked until nothing more comes.
  void Run(OwnWork& work) {
    while (!sent_.empty()) {
      const std::shared_ptr<Sent> sent = std::move(sent_.front());
      sent_.pop_front();
      const apiserver::Answer answer =
          api_.Ask({.method = "GET",
                    .target = sent->request.target,
                    .headers = {{"authorization", std::string("Bearer ") + kToken}}});
      Call(*sent, work, [&](api::Receiver& receiver) { receiver.Begin({.code = answer.code}); });
      Deliver(*sent, *answer.body, work);
    }
  }

 private:
  struct Sent {
    api::Request request;
    api::Receiver* receiver;  // null: wants no more
  };
  class Open : public api::Exchange {
   public:
    explicit Open(std::shared_ptr<Sent> sent) : sent_(std::move(sent)) {}
    ~Open() override { sent_->receiver = nullptr; }

   private:
    std::shared_ptr<Sent> sent_;
  };

  template <typename What>
  static void Call(const Sent& sent, OwnWork& work, What what) {
    if (sent.receiver == nullptr) return;
    const auto begin = ThreadCpu();
    what(*sent.receiver);
    work.cpu += ThreadCpu() - begin;
  }

  static void Deliver(const Sent& sent, apiserver::Body& body, OwnWork& work) {
    for (;;) {
      std::string piece;
      const auto state = body.Read(piece, kPiece);
      work.bytes += piece.size();
      Call(sent, work, [&](api::Receiver& receiver) { receiver.Receive(piece); });
      if (state == apiserver::Body::State::kMore) continue;
      if (state == apiserver::Body::State::kLater) return;  // a watch
      return Call(sent, work, [](api::Receiver& receiver) { receiver.End(absl::OkStatus()); });
    }
  }

  apiserver::Api& api_;
  std::deque<std::shared_ptr<Sent>> sent_;
};

}  // namespace

OwnWork ReadServicesFromMemory(apiserver::Api& api) {
  api.access().AddToken(kToken, "bench");
  OwnWork work;
  MemoryTransport transport(api);
  NoClock clock;
  kube::ObjectStore store;
  api::ApiSource source({.node_name = "node1"}, transport, clock, store, 1,
                        [](const api::Reflector& /*by*/) {});
  source.Start();
  transport.Run(work);
  work.objects = store.services().size() + store.endpoint_slices().size();
  return work;
}

}  // namespace fairlead::bench
