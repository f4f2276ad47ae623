// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/event_loop.h"

#include <sys/epoll.h>

#include <array>
#include <cerrno>

#include "base/errno_status.h"

namespace fairlead {

absl::StatusOr<EventLoop> EventLoop::Create() {
  EventLoop loop;
  loop.epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  if (!loop.epoll_.ok()) return ErrnoStatus(errno, "create an epoll instance");
  return loop;
}

absl::Status EventLoop::Watch(int fd, std::function<void()> ready) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return ErrnoStatus(errno, "watch a descriptor");
  }
  ready_[fd] = std::move(ready);
  return absl::OkStatus();
}

absl::Status EventLoop::Run() {
  std::array<epoll_event, 16> events{};
  while (!stopped_) {
    const int count = epoll_wait(epoll_.get(), events.data(), events.size(), -1);
    if (count < 0 && errno != EINTR) return ErrnoStatus(errno, "wait for events");
    for (int i = 0; i < count && !stopped_; ++i) ready_.at(events[i].data.fd)();
  }
  return absl::OkStatus();
}

}  // namespace fairlead
