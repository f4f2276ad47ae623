// SPDX-License-Identifier: Apache-2.0
#include "bench/services/inquiry.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <vector>

#include "base/errno_status.h"
#include "base/socket_address.h"
#include "bench/network/pinned_sockets.h"

namespace fairlead::bench {
namespace {

constexpr size_t kMostQuestions = 50;

}  // namespace

void Inquiry::Ask() {
  if (questions_.size() == kMostQuestions) questions_.pop_front();
  Question question{NewTcpSocket(front_.address.family())};
  const linger reset = {.l_onoff = 1, .l_linger = 0};
  ::setsockopt(question.fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  ::fcntl(question.fd.get(), F_SETFL, O_NONBLOCK);
  const SocketAddress address(front_);
  if (::connect(question.fd.get(), address.get(), address.size) == 0 || errno == EINPROGRESS) {
    questions_.push_back(std::move(question));
  } else {
    last_ = ErrnoStatus(errno, "connect").ToString();
  }
}

bool Inquiry::Follow(Question& question) {
  if (!question.asked) {
    const absl::Status sent = SendAll(question.fd.get(), &kPing, 1);
    if (!sent.ok()) last_ = sent.ToString();
    question.asked = sent.ok();
    return !sent.ok();
  }
  char answer = 0;
  const absl::StatusOr<size_t> received = Receive(question.fd.get(), &answer, 1);
  last_ = received.ok() ? std::string(1, answer) : received.status().ToString();
  return true;
}

bool Inquiry::Hears(char letter, lab::Clock::time_point until) {
  bool heard = false;
  for (auto now = lab::Clock::now(); !heard && now < until; now = lab::Clock::now()) {
    std::vector<pollfd> polled;
    polled.reserve(questions_.size());
    for (const Question& question : questions_) {
      polled.push_back({.fd = question.fd.get(),
                        .events = static_cast<short>(question.asked ? POLLIN : POLLOUT),
                        .revents = 0});
    }
    const timespec wait = {
        .tv_sec = 0,
        .tv_nsec = std::chrono::duration_cast<std::chrono::nanoseconds>(until - now).count()};
    if (::ppoll(polled.data(), polled.size(), &wait, nullptr) <= 0) break;
    auto poll = polled.cbegin();
    std::erase_if(questions_, [&](Question& question) {
      if (poll++->revents == 0) return false;
      const bool over = Follow(question);
      heard = heard || (over && last_ == std::string_view(&letter, 1));
      return over;
    });
  }
  return heard;
}

}  // namespace fairlead::bench
