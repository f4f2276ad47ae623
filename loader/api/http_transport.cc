// SPDX-License-Identifier: Apache-2.0
#include "loader/api/http_transport.h"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/errno_status.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "loader/api/http_entry.h"
#include "loader/api/server_probe.h"
#include "loader/api/server_url.h"

namespace fairlead::api {

HttpTransport::HttpTransport(Access access, Clock& clock, HttpSettings settings)
    : access_(std::move(access)),
      clock_(clock),
      settings_(std::move(settings)),
      ca_(access_.ca, clock_),
      servers_(access_.servers),
      last_heard_(clock.Now()) {}

HttpTransport::~HttpTransport() {
  probe_.reset();
  for (const auto& entry : entries_) {
    if (entry->transfer != nullptr) curl_->Remove(entry->transfer->handle());
  }
}

absl::StatusOr<std::unique_ptr<HttpTransport>> HttpTransport::Create(Access access, Clock& clock,
                                                                     HttpSettings settings) {
  auto transport = std::unique_ptr<HttpTransport>(
      new HttpTransport(std::move(access), clock, std::move(settings)));
  FL_RETURN_IF_ERROR(transport->Open());
  return transport;
}

absl::Status HttpTransport::Open() {
  if (servers_.empty()) return absl::InvalidArgumentError("no API server is given");
  current_ = servers_.front();
  for (const ServerAddress& server : servers_) {
    FL_ASSIGN_OR_RETURN(const ServerUrl url, ParseServerUrl(server.url));
    if (!url.tls && (!access_.user.token.empty() || !access_.user.password.empty())) {
      LogWarn("{}: credentials go there unencrypted; use https://", url.ToString());
    }
  }
  if (access_.insecure_skip_tls_verify) {
    LogWarn("insecure-skip-tls-verify is set: whoever answers at {} is taken for the API server",
            current_.url);
  }
  FL_RETURN_IF_ERROR(ca_.Text().status());
  FL_ASSIGN_OR_RETURN(credentials_, MakeCredentials(access_.user, clock_));
  credentials_->OnReady([this] { WakeSoon(); });
  FL_ASSIGN_OR_RETURN(curl_, CurlSockets::Create(clock_, [this] { Progressed(); }));
  epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.ok()) return ErrnoStatus(errno, "create an epoll instance");
  for (const int fd : {curl_->fd(), credentials_->fd()}) {
    if (fd < 0) continue;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
      return ErrnoStatus(errno, "watch connections to the API server");
    }
  }
  probe_ =
      std::make_unique<ServerProbe>(*this, clock_, settings_.probe_after, settings_.probe_limit);
  return absl::OkStatus();
}

std::unique_ptr<Exchange> HttpTransport::Send(Request request, Receiver& receiver) {
  entries_.push_back(std::make_unique<Entry>(*this, std::move(request), receiver));
  Entry& entry = *entries_.back();
  auto handle = std::make_unique<Handle>(*this, entry);
  entry.handle = handle.get();
  entry.last_byte = clock_.Now();
  if (entry.quiet_limit().count() > 0) {
    entry.quiet = clock_.After(entry.quiet_limit(), [this, &entry] { CheckQuiet(entry); });
  }
  WakeSoon();
  return handle;
}

void HttpTransport::WakeSoon() {
  if (wake_ != nullptr) return;
  wake_ = clock_.After(std::chrono::nanoseconds(0), [this] {
    wake_.reset();
    StartQueued();
    DeliverEnds();
  });
}

void HttpTransport::StartQueued() {
  for (const auto& entry : entries_) {
    if (entry->state == Entry::State::kQueued) Start(*entry);
  }
}

void HttpTransport::Start(Entry& entry) {
  const std::optional<absl::StatusOr<Credentials>> credentials = credentials_->Get();
  if (!credentials) return;
  entry.end = credentials->ok() ? MakeTransfer(entry, **credentials)
                                : absl::UnauthenticatedError(credentials->status().message());
  entry.state = entry.end.ok() ? Entry::State::kRunning : Entry::State::kEnded;
}

absl::Status HttpTransport::MakeTransfer(Entry& entry, const Credentials& credentials) {
  const ServerAddress* next = NextServer(entry);
  if (next == nullptr) return absl::UnavailableError(entry.failures + "no server is left to try");
  const ServerAddress server = *next;
  entry.tried.push_back(server.url);
  const absl::StatusOr<std::string> ca = ca_.Text();
  if (!ca.ok()) return absl::UnauthenticatedError(ca.status().message());
  FL_ASSIGN_OR_RETURN(const ServerUrl url, ParseServerUrl(server.url));
  const TransferSettings settings{
      .user_agent = settings_.user_agent,
      .ca = *ca,
      .insecure_skip_tls_verify = access_.insecure_skip_tls_verify,
      .proxy = access_.proxy_url.empty() ? ChooseProxy(url, settings_.proxies) : access_.proxy_url,
      .connect_limit = settings_.connect_limit};
  FL_ASSIGN_OR_RETURN(entry.transfer,
                      Transfer::Make(entry.request, server, settings, credentials, entry));
  return curl_->Add(entry.transfer->handle());
}

void HttpTransport::ReadReady() {
  std::array<epoll_event, 2> events{};
  const int count = epoll_wait(epoll_.get(), events.data(), events.size(), 0);
  for (int i = 0; i < count; ++i) {
    if (events[i].data.fd == curl_->fd()) {
      curl_->ReadReady();
    } else {
      credentials_->ReadReady();
    }
  }
}

// curl has returned: what it has finished is taken out, what was cancelled meanwhile too.
void HttpTransport::Progressed() {
  while (const std::optional<CurlSockets::Done> done = curl_->TakeDone()) {
    const auto entry = std::ranges::find_if(entries_, [&done](const auto& one) {
      return one->transfer != nullptr && one->transfer->handle() == done->request;
    });
    if (entry != entries_.end()) Finish(**entry, done->code);
  }
  entries_.remove_if([this](const auto& entry) {
    if (entry->state != Entry::State::kCancelled) return false;
    if (entry->transfer != nullptr) curl_->Remove(entry->transfer->handle());
    return true;
  });
  DeliverEnds();
}

void HttpTransport::Finish(Entry& entry, CURLcode code) {
  if (entry.state != Entry::State::kRunning) return;
  curl_->Remove(entry.transfer->handle());
  if (code == CURLE_OK && entry.transfer->begun()) {
    entry.state = Entry::State::kEnded;
    entry.transfer.reset();
  } else {
    Failed(entry, code == CURLE_OK ? CURLE_GOT_NOTHING : code);
  }
}

// Whatever is called may send, cancel and disconnect.
void HttpTransport::DeliverEnds() {
  while (true) {
    const auto ended = std::ranges::find_if(
        entries_, [](const auto& entry) { return entry->state == Entry::State::kEnded; });
    if (ended == entries_.end()) return;
    const std::unique_ptr<Entry> entry = std::move(*ended);
    entries_.erase(ended);
    entry->handle->entry_ = nullptr;
    entry->receiver.End(entry->end);
  }
}

void HttpTransport::Cancel(Entry& entry) {
  entry.handle = nullptr;
  entry.quiet.reset();
  if (curl_->running()) {
    entry.state = Entry::State::kCancelled;
    return;
  }
  if (entry.transfer != nullptr) curl_->Remove(entry.transfer->handle());
  entries_.remove_if([&entry](const auto& one) { return one.get() == &entry; });
}

void HttpTransport::CheckQuiet(Entry& entry) {
  const auto limit = entry.quiet_limit();
  const auto waited = clock_.Now() - entry.last_byte;
  if (waited < limit) {
    entry.quiet = clock_.After(limit - waited, [this, &entry] { CheckQuiet(entry); });
    return;
  }
  if (entry.state != Entry::State::kQueued && entry.state != Entry::State::kRunning) return;
  const double seconds = std::chrono::duration<double>(limit).count();
  if (entry.transfer != nullptr) {
    entry.end = absl::DeadlineExceededError(fmt::format(
        "{}{}: says nothing for {} s", entry.failures, entry.transfer->server(), seconds));
    if (!entry.transfer->begun()) LoseTurn(entry.tried.back());
    curl_->Remove(entry.transfer->handle());
    entry.transfer.reset();
  } else {
    // Says nothing about any server.
    entry.end = absl::UnauthenticatedError(
        fmt::format("{}there are no credentials after {} s", entry.failures, seconds));
  }
  entry.state = Entry::State::kEnded;
  DeliverEnds();
}

void HttpTransport::Heard(Entry& entry, const ResponseHead& head) {
  last_heard_ = clock_.Now();
  entry.last_byte = last_heard_;
  if (head.code == 401) credentials_->Refuse(entry.transfer->credentials());
  if (head.code >= 502 && head.code <= 504) {
    LoseTurn(entry.tried.back());
  } else if (head.server != answered_last_) {
    LogInfo("API server {} answers", head.server);
    answered_last_ = head.server;
  }
}

bool HttpTransport::IsListening() const {
  return std::ranges::any_of(entries_, [](const auto& entry) {
    return entry->state == Entry::State::kRunning && entry->transfer->begun();
  });
}

void HttpTransport::Disconnect(const std::string& why) {
  for (const auto& entry : entries_) {
    if (entry->state != Entry::State::kRunning) continue;
    curl_->Remove(entry->transfer->handle());
    LoseTurn(entry->tried.back());
    entry->transfer.reset();
    entry->end = absl::UnavailableError(why);
    entry->state = Entry::State::kEnded;
  }
  const absl::Status fresh = curl_->ForgetConnections();
  if (!fresh.ok()) LogError("{}", std::string(fresh.message()));
  DeliverEnds();
}

}  // namespace fairlead::api
