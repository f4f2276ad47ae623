// SPDX-License-Identifier: Apache-2.0
//
// The bytes of one connection, plain or through TLS, without ever waiting.
#ifndef FAIRLEAD_TESTS_APISERVER_CHANNEL_H_
#define FAIRLEAD_TESTS_APISERVER_CHANNEL_H_

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"
#include "tests/apiserver/certificates.h"

namespace fairlead::apiserver {

// What a TLS server needs to begin a connection.
class TlsContext {
 public:
  // Takes certificates of clients from `client_authority` and says so of others (Channel::peer).
  static absl::StatusOr<TlsContext> Make(const KeyPair& server, const std::string& client_authority,
                                         bool http2);
  SSL_CTX* get() const { return context_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<bool> http2_;  // where the ALPN callback finds it
};

// Whom a client's certificate names.
struct Peer {
  std::string user;
  bool bad_certificate = false;
};

class Channel {
 public:
  enum class Io { kDone, kWait, kClosed };

  // `tls` null: plain. The descriptor never blocks.
  Channel(UniqueFd fd, const TlsContext* tls);

  int fd() const { return fd_.get(); }
  // Once kDone, reading and writing may begin.
  Io Handshake();
  // Appends what there is to `in`.
  Io Read(std::string& in);
  // Removes from `out` what went.
  Io Write(std::string& out);
  // Whether Handshake, Read or Write waits for the descriptor to be writable.
  bool wants_write() const { return wants_write_; }

  bool speaks_http2() const;  // agreed on by ALPN
  Peer peer() const;

 private:
  Io AfterTls(int result);

  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  UniqueFd fd_;
  std::unique_ptr<SSL, Free> ssl_;
  bool wants_write_ = false;
};

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_CHANNEL_H_
