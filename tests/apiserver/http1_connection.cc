// SPDX-License-Identifier: Apache-2.0
//
// HTTP/1.1: one request after the other, answers with their length or in chunks.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "tests/apiserver/connection.h"

namespace fairlead::apiserver {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr size_t kChunkRoom = 16 * 1024;

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

class Http1Connection : public Connection {
 public:
  Http1Connection(const Handler& handler, Peer peer) : handler_(handler), peer_(std::move(peer)) {}

  void Receive(std::string_view bytes) override {
    in_ += bytes;
    if (in_.size() > kMostHeaderBytes + kMostRequestBytes) Break();
  }

  void Pump(std::string& out) override {
    while (!finished() && !broken() && out.size() < kMostUnsent) {
      if (!body_ && !NextRequest(out)) return;
      if (body_ && !Continue(out)) return;
    }
  }

 private:
  // Takes a request from what has come. False if it is not complete.
  bool NextRequest(std::string& out) {
    if (!request_) {
      const size_t end = in_.find("\r\n\r\n");
      if (end == std::string::npos) {
        if (in_.size() > kMostHeaderBytes) Refuse(out, 400);
        return false;
      }
      if (!ParseHead(std::string_view(in_).substr(0, end))) {
        Refuse(out, 400);
        return false;
      }
      in_.erase(0, end + 4);
      if (body_size_ > kMostRequestBytes) {
        Refuse(out, 413);
        return false;
      }
      if (request_->Header("expect") == "100-continue") out += "HTTP/1.1 100 Continue\r\n\r\n";
    }
    if (in_.size() < body_size_) return false;
    request_->body = in_.substr(0, body_size_);
    in_.erase(0, body_size_);
    Begin(out, handler_(*std::exchange(request_, std::nullopt)));
    return true;
  }

  bool ParseHead(std::string_view head) {
    const std::string_view line = head.substr(0, head.find(kLineEnd));
    const size_t first = line.find(' '), last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return false;
    Request request;
    request.method = line.substr(0, first);
    request.target = line.substr(first + 1, last - first - 1);
    if (line.substr(last + 1) != "HTTP/1.1" || !request.target.starts_with('/')) return false;
    head.remove_prefix(std::min(head.size(), line.size() + kLineEnd.size()));
    while (!head.empty()) {
      const std::string_view header = head.substr(0, head.find(kLineEnd));
      head.remove_prefix(std::min(head.size(), header.size() + kLineEnd.size()));
      const size_t colon = header.find(':');
      if (colon == std::string_view::npos || colon == 0) return false;
      request.headers[LowerCase(header.substr(0, colon))] = Trimmed(header.substr(colon + 1));
    }
    if (!request.headers.contains("host") || request.headers.contains("transfer-encoding")) {
      return false;
    }
    body_size_ = 0;
    const std::string length = request.Header("content-length");
    const char* const end = length.data() + length.size();
    if (!length.empty() && std::from_chars(length.data(), end, body_size_).ptr != end) return false;
    request.certificate_user = peer_.user;
    request.bad_certificate = peer_.bad_certificate;
    close_ = request.Header("connection") == "close";
    request_ = std::move(request);
    return true;
  }

  void Refuse(std::string& out, int code) {
    close_ = true;
    Begin(out, TextAnswer(code, "text/plain; charset=utf-8",
                          fmt::format("{} {}", code, ReasonPhrase(code))));
    Continue(out);
  }

  void Begin(std::string& out, Answer answer) {
    out += fmt::format("HTTP/1.1 {} {}\r\n", answer.code, ReasonPhrase(answer.code));
    for (const auto& [name, value] : answer.headers) out += fmt::format("{}: {}\r\n", name, value);
    out += fmt::format("Date: {}\r\n", HttpDate());
    if (close_) out += "Connection: close\r\n";
    chunked_ = !answer.length;
    out += chunked_ ? "Transfer-Encoding: chunked\r\n\r\n"
                    : fmt::format("Content-Length: {}\r\n\r\n", *answer.length);
    body_ = std::move(answer.body);
  }

  // False if there is nothing to send now.
  bool Continue(std::string& out) {
    std::string piece;
    const Body::State state = body_->Read(piece, kChunkRoom);
    if (!piece.empty())
      out += chunked_ ? fmt::format("{:x}\r\n{}\r\n", piece.size(), piece) : piece;
    switch (state) {
      case Body::State::kMore:
        return true;
      case Body::State::kLater:
        return false;
      case Body::State::kEnd:
        if (chunked_) out += "0\r\n\r\n";
        break;
      case Body::State::kCut:
        close_ = true;
        break;
    }
    body_.reset();
    if (close_) Finish();
    return true;
  }

  const Handler& handler_;
  Peer peer_;
  std::string in_;
  std::optional<Request> request_;  // whose body has not come yet
  size_t body_size_ = 0;
  std::unique_ptr<Body> body_;  // of the answer under way
  bool chunked_ = false;
  bool close_ = false;
};

}  // namespace

std::unique_ptr<Connection> MakeHttp1(const Handler& handler, Peer peer) {
  return std::make_unique<Http1Connection>(handler, std::move(peer));
}

}  // namespace fairlead::apiserver
