// SPDX-License-Identifier: Apache-2.0
#include "bench/services/dialogue.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <vector>

#include "base/status_macros.h"
#include "bench/median.h"
#include "bench/network/pinned_sockets.h"
#include "bench/services/inquiry.h"
#include "lab/network_namespace.h"

namespace fairlead::bench {
namespace {

using lab::Clock;

constexpr unsigned kCpu = 0;
constexpr unsigned kOtherCpu = 1;
constexpr auto kBetweenQuestions = std::chrono::microseconds(200);

// One connection; the answer. It ends with a reset.
absl::StatusOr<char> Ask(const Endpoint& front, char question) {
  const UniqueFd fd = NewTcpSocket(front.address.family());
  const linger reset = {.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  FL_RETURN_IF_ERROR(Connect(fd.get(), front));
  FL_RETURN_IF_ERROR(SendAll(fd.get(), &question, 1));
  char answer = 0;
  FL_RETURN_IF_ERROR(Receive(fd.get(), &answer, 1).status());
  return answer;
}

// Until the client is gone, so that no port is held by a connection half closed.
absl::StatusOr<char> Answer(int listener, char answer) {
  FL_ASSIGN_OR_RETURN(const UniqueFd fd, Accept(listener));
  char question = 0;
  FL_RETURN_IF_ERROR(Receive(fd.get(), &question, 1).status());
  FL_RETURN_IF_ERROR(SendAll(fd.get(), &answer, 1));
  char nothing = 0;
  Receive(fd.get(), &nothing, 1).IgnoreError();
  return question;
}

absl::Status AnswerAll(int listener) {
  for (char question = kPing; question != kLast;) {
    FL_ASSIGN_OR_RETURN(question, Answer(listener, kPing));
  }
  return absl::OkStatus();
}

absl::StatusOr<double> AskUntil(const Endpoint& front, lab::Duration duration) {
  const Clock::time_point end = Clock::now() + duration;
  std::vector<double> seconds;
  for (Clock::time_point before = Clock::now(); before < end || seconds.empty();) {
    FL_RETURN_IF_ERROR(Ask(front, kPing).status());
    const Clock::time_point after = Clock::now();
    seconds.push_back(std::chrono::duration<double>(after - before).count());
    before = after;
  }
  FL_RETURN_IF_ERROR(Ask(front, kLast).status());
  return 1 / Median(seconds);
}

}  // namespace

absl::StatusOr<double> ConnectionRate(const std::string& client_namespace,
                                      const std::string& server_namespace, const Endpoint& server,
                                      const Endpoint& front, lab::Duration duration) {
  FL_ASSIGN_OR_RETURN(const UniqueFd listener, Listen(server_namespace, server));
  absl::Status answered;
  std::jthread answerer([&] {
    RunOn(kCpu);
    answered = AnswerAll(listener.get());
  });
  absl::StatusOr<double> rate = absl::UnknownError("");
  const absl::Status asked = lab::InNamespace(client_namespace, [&] {
    RunOn(kCpu);
    rate = AskUntil(front, duration);
    return rate.status();
  });
  // Who waits for a client that has given up need not wait for long.
  if (!asked.ok()) ::shutdown(listener.get(), SHUT_RDWR);
  answerer.join();
  FL_RETURN_IF_ERROR(asked);
  FL_RETURN_IF_ERROR(answered);
  return rate;
}

absl::StatusOr<std::unique_ptr<Answerer>> Answerer::Start(const std::string& network_namespace,
                                                          const Endpoint& endpoint, char letter) {
  FL_ASSIGN_OR_RETURN(UniqueFd listener, Listen(network_namespace, endpoint));
  std::unique_ptr<Answerer> answerer(new Answerer(std::move(listener)));
  answerer->thread_ =
      std::jthread([fd = answerer->listener_.get(), letter](const std::stop_token& stop) {
        RunOn(kOtherCpu);
        while (!stop.stop_requested()) Answer(fd, letter).IgnoreError();
      });
  return answerer;
}

Answerer::~Answerer() {
  thread_.request_stop();
  ::shutdown(listener_.get(), SHUT_RDWR);  // wakes accept()
}

absl::StatusOr<Clock::time_point> AwaitAnswer(const std::string& client_namespace,
                                              const Endpoint& front, char letter,
                                              lab::Duration patience, std::stop_token stop) {
  const Clock::time_point end = Clock::now() + patience;
  absl::StatusOr<Clock::time_point> answered = absl::CancelledError("stopped");
  FL_RETURN_IF_ERROR(lab::InNamespace(client_namespace, [&]() -> absl::Status {
    RunOn(kOtherCpu);
    Inquiry inquiry(front);
    while (!stop.stop_requested() && !lab::Interrupted()) {
      inquiry.Ask();
      const bool heard = inquiry.Hears(letter, Clock::now() + kBetweenQuestions);
      const Clock::time_point now = Clock::now();
      if (heard) {
        answered = now;
        return absl::OkStatus();
      }
      if (now > end) {
        return absl::DeadlineExceededError(fmt::format("{} is not answered by '{}' in time: {}",
                                                       front.ToString(), letter, inquiry.last()));
      }
    }
    return absl::OkStatus();
  }));
  return answered;
}

}  // namespace fairlead::bench
