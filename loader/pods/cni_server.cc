// SPDX-License-Identifier: Apache-2.0
#include "loader/pods/cni_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/durable_file.h"
#include "base/errno_status.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "loader/pods/cni_socket.h"

namespace fairlead {
namespace {

constexpr size_t kMostClients = 64;
constexpr size_t kAnswersPerTurn = 4;
constexpr auto kPause = std::chrono::seconds(1);

bool HasSpoken(int socket) {
  char byte = 0;
  return ::recv(socket, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) > 0;
}

// Asked of the socket itself: an event may be older than the client that has its number now.
bool HasHungUp(int socket) {
  pollfd state{.fd = socket, .events = 0, .revents = 0};
  return ::poll(&state, 1, 0) > 0;
}

bool IsRoot(int socket) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<CniServer>> CniServer::Create(const std::string& path,
                                                             PodAttacher& attacher,
                                                             std::chrono::milliseconds patience) {
  if (const size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0) {
    FL_RETURN_IF_ERROR(MakePrivateDirectory(path.substr(0, slash)));
  }
  FL_ASSIGN_OR_RETURN(DeferredDeletes deferred, DeferredDeletes::Open(path));
  std::unique_ptr<CniServer> server(
      new CniServer(path, CniAnswers(attacher, std::move(deferred)), patience));
  server->CompleteDeferred();
  FL_RETURN_IF_ERROR(server->Listen());
  return server;
}

absl::Status CniServer::Listen() {
  FL_ASSIGN_OR_RETURN(const sockaddr_un address, UnixAddress(path_));
  UniqueFd listener(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener.ok()) return ErrnoStatus(errno, "open CNI socket");
  if (::unlink(path_.c_str()) < 0 && errno != ENOENT) {
    return ErrnoStatus(errno, fmt::format("remove old socket {}", path_));
  }
  const void* raw = &address;
  if (::bind(listener.get(), static_cast<const sockaddr*>(raw), sizeof(address)) < 0) {
    return ErrnoStatus(errno, fmt::format("bind {}", path_));
  }
  // Until here the directory's mode keeps others out.
  if (::chmod(path_.c_str(), 0600) < 0) return ErrnoStatus(errno, fmt::format("chmod {}", path_));
  if (::listen(listener.get(), SOMAXCONN) < 0) {
    return ErrnoStatus(errno, fmt::format("listen on {}", path_));
  }
  epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  timer_ = UniqueFd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!epoll_.ok() || !timer_.ok()) return ErrnoStatus(errno, "open epoll and timer");
  listener_ = std::move(listener);
  FL_RETURN_IF_ERROR(Watch(listener_.get()));
  FL_RETURN_IF_ERROR(Watch(answers_.deferred_fd()));
  ArmTimer();
  return Watch(timer_.get());
}

CniServer::~CniServer() {
  if (listener_.ok()) ::unlink(path_.c_str());
}

absl::Status CniServer::Watch(int fd) const {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) < 0) {
    return ErrnoStatus(errno, "watch a CNI client");
  }
  return absl::OkStatus();
}

// Closing is not enough: a process just forked still holds the socket, and its number is reused.
void CniServer::Unwatch(int fd) const { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

void CniServer::ReadReady() {
  std::array<epoll_event, kAnswersPerTurn> events;
  const int ready = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < ready; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    if (event.data.fd == listener_.get()) {
      Accept();
    } else if (event.data.fd == timer_.get()) {
      DropLate();
      if (retry_deferred_ && *retry_deferred_ <= Clock::now()) CompleteDeferred();
    } else if (event.data.fd == answers_.deferred_fd()) {
      CompleteDeferred();
    } else if (clients_.contains(event.data.fd)) {
      Answer(event.data.fd);
    }
  }
}

void CniServer::Accept() {
  while (clients_.size() < kMostClients) {
    UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.ok()) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno != EAGAIN) {
        // Out of descriptors or memory: the timer tries again.
        LogWarn("accept CNI client error=\"{}\"", ErrnoStatus(errno, "accept").ToString());
        PauseAccepting(true);
      }
      ArmTimer();
      return;
    }
    const int fd = socket.get();
    if (!IsRoot(fd)) {
      LogWarn("CNI client refused reason=\"not root\"");
      continue;
    }
    if (const absl::Status status = Watch(fd); !status.ok()) {
      LogWarn("CNI client refused error=\"{}\"", status.ToString());
      continue;
    }
    clients_.emplace(fd, Client{.socket = std::move(socket), .deadline = Clock::now() + patience_});
  }
  PauseAccepting(true);
  ArmTimer();
}

void CniServer::Answer(int client) {
  absl::StatusOr<SocketMessage> message = ReceiveMessage(client);
  if (message.ok()) {
    const CniReply reply = answers_.Answer(message->text, message->descriptor, HasHungUp(client));
    // Never waits: a reply fits into the buffer of a socket that has sent nothing.
    const absl::Status sent = SendMessage(client, EncodeReply(reply), -1);
    if (!sent.ok()) LogWarn("CNI client left before its answer error=\"{}\"", sent.ToString());
  } else if (absl::IsUnavailable(message.status())) {
    return;  // nothing there after all
  } else if (!absl::IsOutOfRange(message.status())) {
    LogWarn("CNI client dropped error=\"{}\"", message.status().ToString());
  }
  Drop(client);
}

void CniServer::CompleteDeferred() {
  retry_deferred_.reset();
  if (!answers_.CompleteDeferred()) retry_deferred_ = Clock::now() + kPause;
  ArmTimer();
}

void CniServer::Drop(int client) {
  Unwatch(client);
  clients_.erase(client);
  PauseAccepting(false);
  ArmTimer();
}

void CniServer::DropLate() {
  const Clock::time_point now = Clock::now();
  for (auto& [fd, client] : clients_) {
    // Who has spoken waits for us, not we for them.
    if (HasSpoken(fd)) client.deadline = now + patience_;
  }
  std::erase_if(clients_, [&](const auto& entry) {
    if (entry.second.deadline > now) return false;
    Unwatch(entry.first);
    return true;
  });
  PauseAccepting(false);
  ArmTimer();
}

void CniServer::PauseAccepting(bool pause) {
  if (pause == paused_) return;
  epoll_event event{};
  if (!pause) event.events = EPOLLIN;
  event.data.fd = listener_.get();
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, listener_.get(), &event) == 0) paused_ = pause;
}

void CniServer::ArmTimer() {
  // Setting a timer also takes back that it has expired.
  itimerspec setting{};
  if (timer_.ok() && (paused_ || retry_deferred_ || !clients_.empty())) {
    Clock::time_point next =
        Clock::now() + (paused_ ? Clock::duration(kPause) : Clock::duration(patience_));
    if (retry_deferred_) next = std::min(next, *retry_deferred_);
    for (const auto& [fd, client] : clients_) next = std::min(next, client.deadline);
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(next - Clock::now());
    const int64_t nanoseconds = std::max<int64_t>(left.count(), 1);
    setting.it_value.tv_sec = nanoseconds / 1'000'000'000;
    setting.it_value.tv_nsec = nanoseconds % 1'000'000'000;
  }
  ::timerfd_settime(timer_.get(), 0, &setting, nullptr);
}

}  // namespace fairlead
