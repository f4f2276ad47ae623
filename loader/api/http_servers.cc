// SPDX-License-Identifier: Apache-2.0
//
// HttpTransport's share in servers that come and go: whose turn it is, and what
// becomes of requests whose server was not reached.
#include <algorithm>

#include "base/log.h"
#include "loader/api/curl_failure.h"
#include "loader/api/http_entry.h"
#include "loader/api/http_transport.h"
#include "loader/api/server_url.h"

namespace fairlead::api {

// The one whose turn it is, then those behind it that this request has not tried.
const ServerAddress* HttpTransport::NextServer(const Entry& entry) const {
  const auto current = std::ranges::find(servers_, current_);
  const size_t first = current == servers_.end() ? 0 : current - servers_.begin();
  for (size_t i = 0; i < servers_.size(); ++i) {
    const ServerAddress& server = servers_[(first + i) % servers_.size()];
    if (std::ranges::find(entry.tried, server.url) == entry.tried.end()) return &server;
  }
  return nullptr;
}

void HttpTransport::LoseTurn(const std::string& url) {
  if (current_.url != url) return;
  const auto current = std::ranges::find(servers_, current_);
  current_ = current == servers_.end() || current + 1 == servers_.end() ? servers_.front()
                                                                        : *(current + 1);
}

void HttpTransport::SetFallbacks(std::vector<ServerAddress> fallbacks) {
  servers_ = access_.servers;
  for (ServerAddress& fallback : fallbacks) {
    const bool known = std::ranges::find(servers_, fallback) != servers_.end();
    if (!known && ParseServerUrl(fallback.url).ok()) servers_.push_back(std::move(fallback));
  }
  if (std::ranges::find(servers_, current_) == servers_.end()) current_ = servers_.front();
}

void HttpTransport::Failed(Entry& entry, CURLcode code) {
  const Transfer& transfer = *entry.transfer;
  const CurlFailure failure = Explain(code, transfer.error(), transfer.server(), transfer.begun());
  if (failure.refuse_credentials) credentials_->Refuse(transfer.credentials());
  if (absl::IsUnauthenticated(failure.status)) ca_.Expire();
  if (!transfer.begun()) LoseTurn(entry.tried.back());
  entry.transfer.reset();
  if (!failure.try_next_server) {
    const std::string message = entry.failures + std::string(failure.status.message());
    entry.end = absl::Status(failure.status.code(), message);
    entry.state = Entry::State::kEnded;
    return;
  }
  const std::string url = entry.tried.back();
  MoveOn(entry, failure.status);
  // Who waits for the same server would wait as long again, one after the other.
  for (const auto& other : entries_) {
    if (other->state != Entry::State::kRunning || other->tried.back() != url) continue;
    if (other->transfer->sent()) continue;
    curl_->Remove(other->transfer->handle());
    other->transfer.reset();
    MoveOn(*other, failure.status);
  }
}

// To the next server, if there is one.
void HttpTransport::MoveOn(Entry& entry, const absl::Status& failure) {
  const std::string message(failure.message());
  if (NextServer(entry) == nullptr) {
    entry.end = absl::Status(failure.code(), entry.failures + message);
    entry.state = Entry::State::kEnded;
    return;
  }
  LogDebug("{}; the next server is tried", message);
  entry.failures += message + "; ";
  entry.state = Entry::State::kQueued;
  WakeSoon();
}

}  // namespace fairlead::api
