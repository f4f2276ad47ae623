// SPDX-License-Identifier: Apache-2.0
// For tests.
#include "loader/api/http_fixture.h"

#include <fmt/format.h>
#include <net/if.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>

#include "base/socket_address.h"
#include "loader/netlink/links.h"
#include "loader/netlink/netlink_socket.h"

namespace fairlead::api {
namespace {

constexpr int kPatienceMilliseconds = 60'000;

void MustHold(bool condition, const char* what) {
  if (condition) return;
  LogError("test setup: {}", what);
  std::abort();
}

template <typename Read>
auto FromPem(const std::string& pem, Read read) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  auto* object = read(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  MustHold(object != nullptr, "read PEM");
  return object;
}

int TakeHttp1(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* length,
              const unsigned char* offered, unsigned offered_length, void* /*unused*/) {
  static constexpr unsigned char kHttp1[] = "\x08http/1.1";
  unsigned char* name = nullptr;
  if (SSL_select_next_proto(&name, length, kHttp1, sizeof(kHttp1) - 1, offered, offered_length) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *chosen = name;
  return SSL_TLSEXT_ERR_OK;
}

SSL_CTX* MakeContext(const ServerTls& tls) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  if (tls.newest_version != 0) {
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_max_proto_version(context, tls.newest_version);
  }
  X509* certificate = FromPem(tls.certificate, PEM_read_bio_X509);
  EVP_PKEY* key = FromPem(tls.key, PEM_read_bio_PrivateKey);
  MustHold(SSL_CTX_use_certificate(context, certificate) == 1, "use a certificate");
  MustHold(SSL_CTX_use_PrivateKey(context, key) == 1, "use a key");
  X509_free(certificate);
  EVP_PKEY_free(key);
  if (!tls.client_ca.empty()) {
    X509* authority = FromPem(tls.client_ca, PEM_read_bio_X509);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority);
    X509_free(authority);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  SSL_CTX_set_alpn_select_cb(context, &TakeHttp1, nullptr);
  return context;
}

}  // namespace

std::string Answer200(const std::string& body) {
  return fmt::format(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      body.size(), body);
}

std::string AnswerCode(int code, const std::string& more_headers) {
  return fmt::format("HTTP/1.1 {} No\r\n{}Content-Length: 0\r\n\r\n", code, more_headers);
}

std::string ChunkedHead() {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
}

std::string Chunk(const std::string& text) {
  return fmt::format("{:x}\r\n{}\r\n", text.size(), text);
}

ScriptedServer::Connection::~Connection() { Close(); }

void ScriptedServer::Connection::Close() {
  if (ssl_ != nullptr) {
    SSL_shutdown(ssl_);
    SSL_free(ssl_);
  }
  ssl_ = nullptr;
  fd_.Reset();
}

void ScriptedServer::Connection::Write(const std::string& bytes) {
  const auto size = static_cast<int>(bytes.size());
  if (ssl_ != nullptr) {
    EXPECT_EQ(SSL_write(ssl_, bytes.data(), size), size);
  } else if (fd_.ok()) {
    EXPECT_EQ(send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), size);
  }
}

ScriptedServer::ScriptedServer(const std::string& address, Answer answer,
                               std::optional<ServerTls> tls, uint16_t port)
    : where_{Must(IpAddress::Parse(address)), port}, answer_(std::move(answer)) {
  if (tls) ssl_ = MakeContext(*tls);
  epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  Listen();
}

ScriptedServer::~ScriptedServer() {
  connections_.clear();
  SSL_CTX_free(ssl_);
}

void ScriptedServer::Listen() {
  SocketAddress address(where_);
  listening_ = UniqueFd(socket(address.domain(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(listening_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  MustHold(bind(listening_.get(), address.get(), address.size) == 0, "bind");
  MustHold(listen(listening_.get(), 64) == 0, "listen");
  address.size = sizeof(address.storage);
  MustHold(getsockname(listening_.get(), address.get(), &address.size) == 0, "getsockname");
  where_ = address.ToEndpoint();
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  MustHold(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listening_.get(), &event) == 0, "epoll_ctl");
}

void ScriptedServer::StopListening() { listening_.Reset(); }

void ScriptedServer::CloseAll() {
  for (Connection& connection : connections_) connection.Close();
}

void ScriptedServer::ReadReady() {
  std::array<epoll_event, 16> events{};
  const int count = epoll_wait(epoll_.get(), events.data(), events.size(), 0);
  for (int i = 0; i < count; ++i) {
    if (events[i].data.ptr == nullptr) {
      Accept();
    } else if (auto& connection = *static_cast<Connection*>(events[i].data.ptr);
               connection.open()) {
      Read(connection);
    }
  }
}

void ScriptedServer::Accept() {
  UniqueFd fd(accept4(listening_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd.ok()) return;
  ++accepted_;
  Connection& connection = connections_.emplace_back();
  connection.fd_ = std::move(fd);
  if (ssl_ != nullptr) {
    connection.ssl_ = SSL_new(ssl_);
    SSL_set_fd(connection.ssl_, connection.fd_.get());
    SSL_set_accept_state(connection.ssl_);
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &connection;
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection.fd_.get(), &event);
}

bool ScriptedServer::Shake(Connection& connection) {
  if (connection.ssl_ == nullptr || connection.shaken_) return true;
  ERR_clear_error();
  const int result = SSL_do_handshake(connection.ssl_);
  if (result != 1) {
    if (SSL_get_error(connection.ssl_, result) != SSL_ERROR_WANT_READ) connection.Close();
    return false;
  }
  connection.shaken_ = true;
  const char* asked = SSL_get_servername(connection.ssl_, TLSEXT_NAMETYPE_host_name);
  connection.asked_name_ = asked == nullptr ? "" : asked;
  if (X509* client = SSL_get1_peer_certificate(connection.ssl_); client != nullptr) {
    char name[100];
    X509_NAME_get_text_by_NID(X509_get_subject_name(client), NID_commonName, name, sizeof(name));
    connection.client_name_ = name;
    X509_free(client);
  }
  return true;
}

void ScriptedServer::Read(Connection& connection) {
  if (!Shake(connection)) return;
  char bytes[16384];
  while (connection.open()) {
    ssize_t got = 0;
    if (connection.ssl_ == nullptr) {
      got = recv(connection.fd_.get(), bytes, sizeof(bytes), 0);
      if (got < 0 && errno == EAGAIN) return;
    } else {
      ERR_clear_error();
      got = SSL_read(connection.ssl_, bytes, sizeof(bytes));
      if (got <= 0 &&
          SSL_get_error(connection.ssl_, static_cast<int>(got)) == SSL_ERROR_WANT_READ) {
        return;
      }
    }
    if (got <= 0) return connection.Close();
    connection.unread_.append(bytes, static_cast<size_t>(got));
    TakeRequests(connection);
  }
}

void ScriptedServer::TakeRequests(Connection& connection) {
  while (true) {
    const size_t end = connection.unread_.find("\r\n\r\n");
    if (end == std::string::npos) return;
    size_t size = end + 4;
    const size_t length = connection.unread_.find("Content-Length: ");
    if (length < end) size += std::strtoul(connection.unread_.c_str() + length + 16, nullptr, 10);
    if (connection.unread_.size() < size) return;
    const std::string request = connection.unread_.substr(0, size);
    connection.unread_.erase(0, size);
    requests_.push_back(request);
    answer_(connection, request);
  }
}

HttpFixture::HttpFixture() {
  NetlinkSocket netlink = Must(NetlinkSocket::Open());
  MustOk(SetLinkUp(netlink, if_nametoindex("lo")));
  Watch(clock_->fd(), [this] { clock_->ReadReady(); });
}

HttpSettings HttpFixture::QuickSettings() {
  HttpSettings settings;
  settings.user_agent = "fairleadd/test";
  settings.proxies = {};
  return settings;
}

void HttpFixture::Open(Access access, HttpSettings settings) {
  transport_ = Must(HttpTransport::Create(std::move(access), *clock_, std::move(settings)));
  Watch(transport_->fd(), [this] { transport_->ReadReady(); });
}

void HttpFixture::Watch(int fd, std::function<void()> ready) {
  watched_.emplace_back(fd, std::move(ready));
}

bool HttpFixture::Turn(int milliseconds) {
  std::vector<pollfd> fds;
  for (const auto& [fd, ready] : watched_) fds.push_back({fd, POLLIN, 0});
  if (poll(fds.data(), fds.size(), milliseconds) <= 0) return false;
  for (size_t i = 0; i < fds.size(); ++i) {
    if (fds[i].revents != 0) watched_[i].second();
  }
  return true;
}

void HttpFixture::RunUntil(const std::function<bool()>& done) {
  const auto end = clock_->Now() + std::chrono::milliseconds(kPatienceMilliseconds);
  while (!done()) {
    Turn(100);
    if (clock_->Now() < end) continue;
    FAIL() << "waited in vain";
  }
}

void HttpFixture::Settle() {
  while (Turn(20)) {
  }
}

}  // namespace fairlead::api
