// SPDX-License-Identifier: Apache-2.0
//
// See curl_client.h.
#include "tests/apiserver/curl_client.h"

#include <chrono>

namespace fairlead::apiserver {
namespace {

constexpr std::chrono::seconds kPatience{60};  // of a busy machine

size_t Append(char* data, size_t size, size_t count, void* text) {
  static_cast<std::string*>(text)->append(data, size * count);
  return size * count;
}

curl_blob BlobOf(std::string& text) {
  return {.data = text.data(), .len = text.size(), .flags = CURL_BLOB_COPY};
}

}  // namespace

CurlClient::CurlClient(const Options& options) : options_(options), multi_(curl_multi_init()) {
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
}

CurlClient::~CurlClient() {
  for (Transfer& transfer : transfers_) {
    curl_multi_remove_handle(multi_, transfer.easy);
    curl_easy_cleanup(transfer.easy);
    curl_slist_free_all(transfer.headers);
  }
  curl_multi_cleanup(multi_);
}

const Fetched& CurlClient::Begin(const std::string& target, const std::string& method,
                                 const std::string& body, const std::string& content_type) {
  Transfer& transfer = transfers_.emplace_back();
  transfer.easy = curl_easy_init();
  transfer.body = body;
  CURL* const easy = transfer.easy;
  curl_easy_setopt(easy, CURLOPT_URL, (options_.url + target).c_str());
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  if (!options_.unix_socket.empty()) {
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, options_.unix_socket.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                   options_.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Append);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer.fetched.body);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Append);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer.fetched.headers);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
  if (!options_.authority.empty()) {
    const curl_blob authority = BlobOf(options_.authority);
    curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &authority);
  }
  if (!options_.client.key.empty()) {
    const curl_blob certificate = BlobOf(options_.client.certificate);
    const curl_blob key = BlobOf(options_.client.key);
    curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &certificate);
    curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key);
  }
  if (!options_.token.empty()) {
    transfer.headers =
        curl_slist_append(transfer.headers, ("Authorization: Bearer " + options_.token).c_str());
  }
  if (!body.empty()) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer.body.c_str());
    transfer.headers =
        curl_slist_append(transfer.headers, ("Content-Type: " + content_type).c_str());
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.headers);
  curl_multi_add_handle(multi_, easy);
  return transfer.fetched;
}

bool CurlClient::Until(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    int running = 0;
    curl_multi_perform(multi_, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      Transfer* transfer = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      Fetched& fetched = transfer->fetched;
      curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &fetched.code);
      curl_easy_getinfo(message->easy_handle, CURLINFO_HTTP_VERSION, &fetched.http_version);
      curl_easy_getinfo(message->easy_handle, CURLINFO_NUM_CONNECTS, &fetched.connects);
      fetched.result = message->data.result;
    }
    curl_multi_poll(multi_, nullptr, 0, 5, nullptr);
  }
  return true;
}

Fetched CurlClient::Get(const std::string& target) { return Send("GET", target, "", ""); }

Fetched CurlClient::Send(const std::string& method, const std::string& target,
                         const std::string& body, const std::string& content_type) {
  const Fetched& fetched = Begin(target, method, body, content_type);
  Until([&fetched] { return fetched.result != CURL_LAST; });
  return fetched;
}

}  // namespace fairlead::apiserver
