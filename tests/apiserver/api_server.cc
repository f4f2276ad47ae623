// SPDX-License-Identifier: Apache-2.0
//
// See api_server.h.
#include "tests/apiserver/api_server.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>

#include "base/errno_status.h"
#include "base/socket_address.h"
#include "base/status_macros.h"

namespace fairlead::apiserver {
namespace {

constexpr int kBacklog = 128;
constexpr size_t kMostConnections = 1000;
constexpr auto kSocketFlags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

absl::StatusOr<Endpoint> BoundAddress(int fd) {
  SocketAddress address;
  if (::getsockname(fd, address.get(), &address.size) != 0) {
    return ErrnoStatus(errno, "getsockname");
  }
  return address.ToEndpoint();
}

}  // namespace

ApiServer::ApiServer(const ServerOptions& options)
    : options_(options),
      api_(options.api),
      api_handler_([this](const Request& request) { return api_.Ask(request); }) {}

// Answers under way refer to the store.
ApiServer::~ApiServer() { sessions_.clear(); }

absl::StatusOr<std::unique_ptr<ApiServer>> ApiServer::Create(const ServerOptions& options) {
  std::unique_ptr<ApiServer> server(new ApiServer(options));
  FL_RETURN_IF_ERROR(server->Begin());
  return server;
}

absl::Status ApiServer::Begin() {
  epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll_.ok() || !wake_.ok()) return ErrnoStatus(errno, "make an epoll descriptor");
  epoll_event event{.events = EPOLLIN, .data = {.fd = wake_.get()}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) {
    return ErrnoStatus(errno, "epoll_ctl");
  }
  std::vector<Endpoint> listen = options_.listen;
  if (listen.empty()) {
    FL_ASSIGN_OR_RETURN(const IpAddress loopback, IpAddress::Parse("127.0.0.1"));
    listen.push_back({loopback, 0});
  }
  for (const Endpoint& where : listen) FL_RETURN_IF_ERROR(Listen(where));
  if (!options_.authority) {
    FL_ASSIGN_OR_RETURN(options_.authority, Authority::Make("fairlead-test-authority"));
  }
  return options_.tls ? ServeCertificate(ServedCertificate::kRight) : absl::OkStatus();
}

absl::Status ApiServer::Listen(const Endpoint& where) {
  const SocketAddress address(where);
  UniqueFd fd(::socket(address.domain(), kSocketFlags, 0));
  const int one = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  if (::bind(fd.get(), address.get(), address.size) != 0 || ::listen(fd.get(), kBacklog) != 0) {
    return ErrnoStatus(errno, "listen at " + where.ToString());
  }
  FL_ASSIGN_OR_RETURN(const Endpoint bound, BoundAddress(fd.get()));
  addresses_.push_back(bound);
  epoll_event event{.events = EPOLLIN, .data = {.fd = fd.get()}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event);
  const int key = fd.get();
  doors_[key] = {.fd = std::move(fd), .handler = &api_handler_, .tls = options_.tls};
  return absl::OkStatus();
}

absl::Status ApiServer::ServeUnix(const std::string& path, Handler handler) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError("longer than a socket's name can be: " + path);
  }
  path.copy(address.sun_path, path.size());
  ::unlink(path.c_str());
  UniqueFd fd(::socket(AF_UNIX, kSocketFlags, 0));
  const mode_t before = ::umask(S_IRWXG | S_IRWXO);
  const int bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  ::umask(before);
  if (bound != 0 || ::listen(fd.get(), kBacklog) != 0) {
    return ErrnoStatus(errno, "listen at " + path);
  }
  epoll_event event{.events = EPOLLIN, .data = {.fd = fd.get()}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event);
  more_handlers_.push_back(std::move(handler));
  const int key = fd.get();
  doors_[key] = {.fd = std::move(fd), .handler = &more_handlers_.back(), .tls = false};
  return absl::OkStatus();
}

std::string ApiServer::Url(const std::string& host) const {
  const Endpoint& first = addresses_.front();
  return fmt::format("{}://{}", options_.tls ? "https" : "http",
                     host.empty() ? first.ToString() : fmt::format("{}:{}", host, first.port));
}

absl::Status ApiServer::ServeCertificate(ServedCertificate which) {
  std::vector<std::string> names = {"localhost", "kubernetes", "kubernetes.default",
                                    "kubernetes.default.svc"};
  names.insert(names.end(), options_.names.begin(), options_.names.end());
  for (const Endpoint& where : addresses_) names.push_back(where.address.ToString());
  if (which == ServedCertificate::kWrongName) names = {"somebody.else"};
  Authority issuer = authority();
  if (which == ServedCertificate::kWrongAuthority) {
    FL_ASSIGN_OR_RETURN(issuer, Authority::Make("another-authority"));
  }
  FL_ASSIGN_OR_RETURN(const KeyPair pair, issuer.IssueServer(names));
  FL_ASSIGN_OR_RETURN(TlsContext context,
                      TlsContext::Make(pair, authority().certificate(), options_.http2));
  certificates_.push_back(std::move(context));
  tls_ = &certificates_.back();
  return absl::OkStatus();
}

void ApiServer::Post(std::function<void()> what) {
  {
    const std::scoped_lock lock(mutex_);
    posted_.push_back(std::move(what));
  }
  const uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof(one));
}

void ApiServer::Stop() {
  Post([this] { stopped_ = true; });
}

void ApiServer::RunPosted() {
  uint64_t ignored = 0;
  (void)!::read(wake_.get(), &ignored, sizeof(ignored));
  std::vector<std::function<void()>> posted;
  {
    const std::scoped_lock lock(mutex_);
    posted.swap(posted_);
  }
  for (const auto& what : posted) what();
}

absl::Status ApiServer::Run() {
  std::array<epoll_event, 64> events{};
  auto next_tick = std::chrono::steady_clock::now() + options_.tick;
  while (!stopped_) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                   static_cast<int>(options_.tick.count()));
    if (count < 0 && errno != EINTR) return ErrnoStatus(errno, "epoll_wait");
    for (int i = 0; i < count; ++i) {
      const int fd = events.at(static_cast<size_t>(i)).data.fd;
      if (fd == wake_.get()) {
        RunPosted();
      } else if (const auto door = doors_.find(fd); door != doors_.end()) {
        Accept(door->second);
      } else {
        Turn(fd);
      }
    }
    // What one request has changed, another one's watch tells; and time goes on.
    if (const auto now = std::chrono::steady_clock::now(); now >= next_tick) {
      if (options_.on_tick) options_.on_tick();
      api_.faults().Tick();
      next_tick = now + options_.tick;
    }
    TurnAll();
  }
  return absl::OkStatus();
}

void ApiServer::Accept(Door& door) {
  for (;;) {
    UniqueFd fd(::accept4(door.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.ok()) return;
    ++accepted_;
    if (holds_ && door.handler == &api_handler_) {
      held_.emplace_back(std::move(fd), door.fd.get());
    } else if (sessions_.size() < kMostConnections) {
      Admit(std::move(fd), door);
    }
  }
}

void ApiServer::Admit(UniqueFd fd, const Door& door) {
  const bool is_api = door.handler == &api_handler_;
  const int one = 1;
  if (is_api) ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  const int key = fd.get();
  auto session = std::make_unique<Session>(std::move(fd), door.tls ? tls_ : nullptr, *door.handler,
                                           is_api ? fault_ : ConnectionFault::kNone);
  SetInterest(*session, EPOLL_CTL_ADD);
  sessions_[key] = std::move(session);
  Turn(key);
}

void ApiServer::SetInterest(Session& session, int operation) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = session.fd()}};
  if (session.wants_write()) event.events |= EPOLLOUT;
  ::epoll_ctl(epoll_.get(), operation, session.fd(), &event);
}

void ApiServer::Turn(int fd) {
  const auto found = sessions_.find(fd);
  if (found == sessions_.end()) return;
  const bool waited = found->second->wants_write();
  if (!found->second->Turn()) {
    sessions_.erase(found);
  } else if (found->second->wants_write() != waited) {
    SetInterest(*found->second, EPOLL_CTL_MOD);
  }
}

void ApiServer::TurnAll() {
  for (auto next = sessions_.begin(); next != sessions_.end();) Turn((next++)->first);
}

void ApiServer::SendClientsAway() {
  for (const auto& [fd, session] : sessions_) session->SendAway();
  TurnAll();
}

void ApiServer::CloseConnections() {
  std::erase_if(sessions_, [](const auto& entry) {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    ::getsockname(entry.first, reinterpret_cast<sockaddr*>(&address), &size);
    return address.ss_family != AF_UNIX;  // commands come by there
  });
  held_.clear();
}

void ApiServer::StopListening() {
  std::erase_if(doors_, [this](const auto& door) { return door.second.handler == &api_handler_; });
}

absl::Status ApiServer::ListenAgain() {
  StopListening();
  const std::vector<Endpoint> before = std::exchange(addresses_, {});
  for (const Endpoint& where : before) FL_RETURN_IF_ERROR(Listen(where));
  return absl::OkStatus();
}

void ApiServer::ReleaseConnections() {
  holds_ = false;
  for (auto held = held_.rbegin(); held != held_.rend(); ++held) {
    const auto door = doors_.find(held->second);
    if (door != doors_.end()) Admit(std::move(held->first), door->second);
  }
  held_.clear();
}

void ApiServer::Restart() {
  CloseConnections();
  api_.store().Compact();
}

void ApiServer::Restore(const Store& state, RestoredVersion version) {
  constexpr Version kFar = 1'000'000;
  CloseConnections();
  const Version raised = api_.store().version() + kFar;
  api_.store().Restore(state);
  if (version == RestoredVersion::kRaised) api_.store().SetVersion(raised);
}

}  // namespace fairlead::apiserver
