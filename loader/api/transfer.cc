// SPDX-License-Identifier: Apache-2.0
#include "loader/api/transfer.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/status_macros.h"
#include "loader/api/ascii_text.h"
#include "loader/api/server_url.h"

namespace fairlead::api {
namespace {

constexpr size_t kMostHeaderBytes = size_t{64} << 10;
constexpr long kBufferBytes = 64 << 10;  // NOLINT(google-runtime-int): curl's type
constexpr std::chrono::seconds kLongestRetryAfter{3600};
// A peer that is gone shows within this time: what we sent is not acknowledged, nor are the probes
// of a silent connection.
constexpr unsigned kUserTimeoutMilliseconds = 30'000;

curl_blob Blob(const std::string& text) {
  return {const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
}

const char* VerbName(Verb verb) {
  switch (verb) {
    case Verb::kGet:
      return "GET";
    case Verb::kPost:
      return "POST";
    case Verb::kPut:
      return "PUT";
    case Verb::kPatch:
      return "PATCH";
  }
  return "GET";
}

bool IsTarget(std::string_view target) {
  return target.starts_with('/') && IsGraphic(target) && target.find('#') == std::string_view::npos;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Transfer>> Transfer::Make(const Request& request,
                                                         const ServerAddress& server,
                                                         const TransferSettings& settings,
                                                         Credentials credentials,
                                                         TransferListener& listener) {
  FL_ASSIGN_OR_RETURN(const ServerUrl real, ParseServerUrl(server.url));
  if (!IsTarget(request.target)) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\" is no path of a request", request.target));
  }
  auto transfer = std::unique_ptr<Transfer>(new Transfer(std::move(credentials), listener));
  transfer->easy_.reset(curl_easy_init());
  if (transfer->easy_ == nullptr) return absl::ResourceExhaustedError("make a handle of libcurl");
  CURL* easy = transfer->handle();
  transfer->head_.server = real.ToString();
  // curl verifies the certificate against the URL's host, so the name that is expected stands
  // there, and the connection is led to the real place.
  ServerUrl url = real;
  if (real.tls && !server.tls_name.empty()) {
    url = real.WithHost(server.tls_name);
    Append(transfer->connect_to_, "::" + real.authority());
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, transfer->connect_to_.get());
    Append(transfer->headers_, "Host: " + real.authority());
  }
  curl_easy_setopt(easy, CURLOPT_URL, (url.ToString() + request.target).c_str());
  curl_easy_setopt(easy, CURLOPT_USERAGENT, settings.user_agent.c_str());
  // Rather a stream than a second connection. HTTP/1.1 alone never offers one.
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, real.tls ? 1L : 0L);
  transfer->SetRequest(request);
  transfer->SetTls(settings);
  transfer->SetConnection(settings);
  return transfer;
}

void Transfer::Append(List& list, const std::string& text) {
  curl_slist* longer = curl_slist_append(list.get(), text.c_str());
  if (longer == nullptr) return;  // no memory
  list.release();                 // NOLINT(bugprone-unused-return-value): it is part of `longer`
  list.reset(longer);
}

void Transfer::SetRequest(const Request& request) {
  CURL* easy = handle();
  Append(headers_, "Accept: application/json");
  Append(headers_, "Expect:");  // do not wait for a 100
  if (!credentials_.authorization.empty()) {
    Append(headers_, "Authorization: " + credentials_.authorization);
  }
  if (request.verb != Verb::kGet) {
    Append(headers_, "Content-Type: " + request.content_type);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, VerbName(request.verb));
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::TakeHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::TakeBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_.data());
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kBufferBytes);
}

void Transfer::SetTls(const TransferSettings& settings) {
  CURL* easy = handle();
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  if (settings.insecure_skip_tls_verify) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  } else if (!settings.ca.empty()) {
    // The cluster's own authority and nobody else: Debian's curl has a default directory beside it.
    const curl_blob ca = Blob(settings.ca);
    curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca);
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
  // As blobs, not files: curl compares them before it reuses a connection, so what was rotated gets
  // a new one.
  if (!credentials_.certificate.empty()) {
    const curl_blob certificate = Blob(credentials_.certificate);
    const curl_blob key = Blob(credentials_.key);
    curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &certificate);
    curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key);
  }
}

void Transfer::SetConnection(const TransferSettings& settings) {
  CURL* easy = handle();
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
  curl_easy_setopt(easy, CURLOPT_PROXY,
                   settings.proxy.c_str());  // "": none, whatever curl's own view
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(settings.connect_limit.count()));  // NOLINT
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // A name that is still being resolved is not waited for when the request ends: with silent name
  // servers that would stop the loop for a quarter of a minute.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 30L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 10L);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &Transfer::OpenSocket);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &Transfer::BeforeSending);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
}

int Transfer::BeforeSending(void* self, char* /*to*/, char* /*from*/, int /*port*/, int /*port*/) {
  static_cast<Transfer*>(self)->sent_ = true;
  return CURL_PREREQFUNC_OK;
}

// As curl does it, but no plugin that we start inherits it, and a dead peer is noticed.
curl_socket_t Transfer::OpenSocket(void* /*self*/, curlsocktype /*purpose*/,
                                   curl_sockaddr* address) {
  const int fd =
      socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUserTimeoutMilliseconds,
             sizeof(kUserTimeoutMilliseconds));
  return fd;
}

// Status line, fields, an empty line; before it perhaps the same of a 1xx, after the body trailers.
size_t Transfer::TakeHeader(const char* bytes, size_t /*size*/, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (transfer.begun_) return count;
  transfer.header_bytes_ += count;
  if (transfer.header_bytes_ > kMostHeaderBytes) return 0;
  const std::string_view line = Trim({bytes, count});
  if (!line.empty()) {
    transfer.ReadHeader(line);
    return count;
  }
  if (transfer.head_.code < 200) return count;
  transfer.begun_ = true;
  return transfer.listener_.Began(transfer.head_) ? count : 0;
}

void Transfer::ReadHeader(std::string_view line) {
  if (line.starts_with("HTTP/")) {
    const size_t space = std::min(line.find(' '), line.size() - 1);
    head_ = {ParseNumber<int>(line.substr(space + 1, 3)).value_or(0), "", std::nullopt,
             head_.server};
    return;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string name = Lower(line.substr(0, colon));
  const std::string_view value = Trim(line.substr(colon + 1));
  if (name == "content-type") head_.content_type = std::string(value);
  if (name != "retry-after") return;
  if (const auto seconds = ParseNumber<uint32_t>(value)) {
    head_.retry_after = std::min(std::chrono::seconds(*seconds), kLongestRetryAfter);
  }
}

size_t Transfer::TakeBody(const char* bytes, size_t /*size*/, size_t count, void* self) {
  return static_cast<Transfer*>(self)->listener_.Received({bytes, count}) ? count : 0;
}

}  // namespace fairlead::api
