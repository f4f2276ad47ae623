// SPDX-License-Identifier: Apache-2.0
//
// See channel.h.
#include "tests/apiserver/channel.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace fairlead::apiserver {
namespace {

constexpr size_t kReadBytes = 64 * 1024;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};

std::unique_ptr<BIO, FreeBio> BytesOf(const std::string& pem) {
  return std::unique_ptr<BIO, FreeBio>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// A certificate that we have not signed is no reason to hang up: a kube-apiserver answers 401.
int AcceptAny(int /*ok*/, X509_STORE_CTX* /*context*/) { return 1; }

int ChooseProtocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
                   const unsigned char* in, unsigned int in_size, void* http2) {
  constexpr std::string_view kBoth = "\x02h2\x08http/1.1";
  constexpr std::string_view kOne = "\x08http/1.1";
  const std::string_view ours = *static_cast<bool*>(http2) ? kBoth : kOne;
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned int>(ours.size()), in,
                            in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

absl::StatusOr<TlsContext> TlsContext::Make(const KeyPair& server,
                                            const std::string& client_authority, bool http2) {
  TlsContext tls;
  tls.context_.reset(SSL_CTX_new(TLS_server_method()));
  tls.http2_ = std::make_unique<bool>(http2);
  SSL_CTX* const context = tls.context_.get();
  const auto certificate_bytes = BytesOf(server.certificate);
  const auto key_bytes = BytesOf(server.key);
  const auto authority_bytes = BytesOf(client_authority);
  X509* certificate = PEM_read_bio_X509(certificate_bytes.get(), nullptr, nullptr, nullptr);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(key_bytes.get(), nullptr, nullptr, nullptr);
  X509* authority = PEM_read_bio_X509(authority_bytes.get(), nullptr, nullptr, nullptr);
  const bool ok = certificate != nullptr && key != nullptr && authority != nullptr &&
                  SSL_CTX_use_certificate(context, certificate) == 1 &&
                  SSL_CTX_use_PrivateKey(context, key) == 1 &&
                  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority) == 1 &&
                  SSL_CTX_add_client_CA(context, authority) == 1;
  X509_free(certificate);
  EVP_PKEY_free(key);
  X509_free(authority);
  if (!ok) return absl::InternalError("give a TLS server its certificate");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, &AcceptAny);
  // Sessions are not resumed: each connection shows its certificate.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_alpn_select_cb(context, &ChooseProtocol, tls.http2_.get());
  return tls;
}

Channel::Channel(UniqueFd fd, const TlsContext* tls) : fd_(std::move(fd)) {
  if (tls == nullptr) return;
  ssl_.reset(SSL_new(tls->get()));
  SSL_set_fd(ssl_.get(), fd_.get());
  SSL_set_accept_state(ssl_.get());
}

Channel::Io Channel::AfterTls(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Io::kWait;
    case SSL_ERROR_WANT_WRITE:
      wants_write_ = true;
      return Io::kWait;
    default:
      return Io::kClosed;
  }
}

Channel::Io Channel::Handshake() {
  wants_write_ = false;
  if (!ssl_) return Io::kDone;
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  return result == 1 ? Io::kDone : AfterTls(result);
}

Channel::Io Channel::Read(std::string& in) {
  std::array<char, kReadBytes> bytes;
  if (ssl_) {
    ERR_clear_error();
    const int size = SSL_read(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
    if (size <= 0) return AfterTls(size);
    in.append(bytes.data(), static_cast<size_t>(size));
    return Io::kDone;
  }
  const ssize_t size = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
  if (size < 0) return errno == EAGAIN || errno == EINTR ? Io::kWait : Io::kClosed;
  if (size == 0) return Io::kClosed;
  in.append(bytes.data(), static_cast<size_t>(size));
  return Io::kDone;
}

Channel::Io Channel::Write(std::string& out) {
  wants_write_ = false;
  while (!out.empty()) {
    size_t sent = 0;
    if (ssl_) {
      ERR_clear_error();
      const int result = SSL_write(ssl_.get(), out.data(), static_cast<int>(out.size()));
      if (result <= 0) return AfterTls(result);
      sent = static_cast<size_t>(result);
    } else {
      const ssize_t size = ::send(fd_.get(), out.data(), out.size(), MSG_NOSIGNAL);
      if (size < 0) {
        wants_write_ = errno == EAGAIN;
        return errno == EAGAIN || errno == EINTR ? Io::kWait : Io::kClosed;
      }
      sent = static_cast<size_t>(size);
    }
    out.erase(0, sent);
  }
  return Io::kDone;
}

bool Channel::speaks_http2() const {
  if (!ssl_) return false;
  const unsigned char* protocol = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
  return size == 2;
}

Peer Channel::peer() const {
  if (!ssl_) return {};
  X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr) return {};
  if (SSL_get_verify_result(ssl_.get()) != X509_V_OK) return {.user = "", .bad_certificate = true};
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                            static_cast<int>(name.size()));
  return {.user = name.data()};
}

}  // namespace fairlead::apiserver
