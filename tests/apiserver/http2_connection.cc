// SPDX-License-Identifier: Apache-2.0
//
// HTTP/2, by nghttp2: many requests at once on one connection, each a stream.
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <map>

#include "tests/apiserver/connection.h"

namespace fairlead::apiserver {
namespace {

constexpr uint32_t kMostStreams = 250;  // as a kube-apiserver announces

class Http2Connection : public Connection {
 public:
  Http2Connection(const Handler& handler, Peer peer) : handler_(handler), peer_(std::move(peer)) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, &OnBegin);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, &OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &OnData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &OnFrame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &OnClose);
    nghttp2_session_server_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kMostStreams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kMostRequestBytes}};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  }
  Http2Connection(const Http2Connection&) = delete;
  Http2Connection& operator=(const Http2Connection&) = delete;
  ~Http2Connection() override { nghttp2_session_del(session_); }

  void Receive(std::string_view bytes) override {
    const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
    if (nghttp2_session_mem_recv(session_, data, bytes.size()) < 0) Break();
  }

  void Pump(std::string& out) override {
    for (auto& [id, stream] : streams_) {
      if (stream.waits) {
        stream.waits = false;
        nghttp2_session_resume_data(session_, id);
      }
    }
    while (out.size() < kMostUnsent) {
      const uint8_t* data = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session_, &data);
      if (size < 0) return Break();
      if (size == 0) break;
      out.append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
    }
    const bool over =
        nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
    if (over) Finish();
  }

  // What has begun goes on.
  void SendAway() override {
    nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR,
                          nullptr, 0);
  }

 private:
  struct Stream {
    Request request;
    size_t header_bytes = 0;
    std::unique_ptr<Body> body = {};
    std::string held = {};  // of the body, read but not taken by nghttp2
    Body::State state = Body::State::kMore;
    bool waits = false;  // for something to send
  };

  static Http2Connection& Self(void* user) { return *static_cast<Http2Connection*>(user); }

  static int OnBegin(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    Http2Connection& self = Self(user);
    Stream& stream = self.streams_[frame->hd.stream_id];
    stream.request.certificate_user = self.peer_.user;
    stream.request.bad_certificate = self.peer_.bad_certificate;
    return 0;
  }

  static int OnHeader(nghttp2_session* /*session*/, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t /*flags*/,
                      void* user) {
    Http2Connection& self = Self(user);
    const auto found = self.streams_.find(frame->hd.stream_id);
    if (found == self.streams_.end()) return 0;
    Stream& stream = found->second;
    stream.header_bytes += name_size + value_size;
    if (stream.header_bytes > kMostHeaderBytes) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const std::string key(reinterpret_cast<const char*>(name), name_size);
    std::string text(reinterpret_cast<const char*>(value), value_size);
    if (key == ":method") {
      stream.request.method = std::move(text);
    } else if (key == ":path") {
      stream.request.target = std::move(text);
    } else if (!key.starts_with(':')) {
      stream.request.headers[key] = std::move(text);
    }
    return 0;
  }

  static int OnData(nghttp2_session* session, uint8_t /*flags*/, int32_t id, const uint8_t* data,
                    size_t size, void* user) {
    Http2Connection& self = Self(user);
    const auto found = self.streams_.find(id);
    if (found == self.streams_.end()) return 0;
    std::string& body = found->second.request.body;
    body.append(reinterpret_cast<const char*>(data), size);
    if (body.size() > kMostRequestBytes) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    }
    return 0;
  }

  static int OnFrame(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    const bool of_request = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (ends && of_request) Self(user).AnswerStream(frame->hd.stream_id);
    return 0;
  }

  static int OnClose(nghttp2_session* /*session*/, int32_t id, uint32_t /*error*/, void* user) {
    Self(user).streams_.erase(id);
    return 0;
  }

  static ssize_t ReadBody(nghttp2_session* /*session*/, int32_t id, uint8_t* data, size_t size,
                          uint32_t* flags, nghttp2_data_source* /*source*/, void* user) {
    Stream& stream = Self(user).streams_.at(id);
    if (stream.held.empty()) stream.state = stream.body->Read(stream.held, size);
    const size_t taken = std::min(size, stream.held.size());
    std::copy_n(stream.held.data(), taken, data);
    stream.held.erase(0, taken);
    if (!stream.held.empty() || (taken > 0 && stream.state != Body::State::kEnd)) {
      return static_cast<ssize_t>(taken);
    }
    switch (stream.state) {
      case Body::State::kMore:
      case Body::State::kLater:
        stream.waits = true;
        return NGHTTP2_ERR_DEFERRED;
      case Body::State::kCut:
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // RST_STREAM
      case Body::State::kEnd:
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        break;
    }
    return static_cast<ssize_t>(taken);
  }

  void AnswerStream(int32_t id) {
    const auto found = streams_.find(id);
    if (found == streams_.end() || found->second.body) return;
    Stream& stream = found->second;
    Answer answer = handler_(stream.request);
    std::vector<std::pair<std::string, std::string>> headers = {
        {":status", std::to_string(answer.code)}};
    for (auto& [name, value] : answer.headers) {
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
      headers.emplace_back(name, value);
    }
    headers.emplace_back("date", HttpDate());
    if (answer.length) headers.emplace_back("content-length", std::to_string(*answer.length));
    std::vector<nghttp2_nv> entries;
    for (auto& [name, value] : headers) {
      entries.push_back({reinterpret_cast<uint8_t*>(name.data()),
                         reinterpret_cast<uint8_t*>(value.data()), name.size(), value.size(),
                         NGHTTP2_NV_FLAG_NONE});
    }
    stream.body = std::move(answer.body);
    nghttp2_data_provider provider{};
    provider.read_callback = &ReadBody;
    nghttp2_submit_response(session_, id, entries.data(), entries.size(), &provider);
  }

  const Handler& handler_;
  Peer peer_;
  nghttp2_session* session_ = nullptr;
  std::map<int32_t, Stream> streams_;
};

}  // namespace

std::unique_ptr<Connection> MakeHttp2(const Handler& handler, Peer peer) {
  return std::make_unique<Http2Connection>(handler, std::move(peer));
}

}  // namespace fairlead::apiserver
