// SPDX-License-Identifier: Apache-2.0
//
// See session.h.
#include "tests/apiserver/session.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace fairlead::apiserver {

bool Session::Turn() {
  if (fault_ != ConnectionFault::kNone) return TurnFaulty();
  if (!connection_) {
    switch (channel_.Handshake()) {
      case Channel::Io::kWait:
        return true;
      case Channel::Io::kClosed:
        return false;
      case Channel::Io::kDone:
        connection_ = channel_.speaks_http2() ? MakeHttp2(handler_, channel_.peer())
                                              : MakeHttp1(handler_, channel_.peer());
    }
  }
  return ReadAll() && WriteAll();
}

bool Session::ReadAll() {
  for (;;) {
    std::string in;
    switch (channel_.Read(in)) {
      case Channel::Io::kDone:
        connection_->Receive(in);
        if (connection_->broken()) return false;
        break;
      case Channel::Io::kWait:
        return true;
      case Channel::Io::kClosed:
        return false;
    }
  }
}

bool Session::WriteAll() {
  for (;;) {
    connection_->Pump(out_);
    if (connection_->broken()) return false;
    if (out_.empty()) return !connection_->finished();
    switch (channel_.Write(out_)) {
      case Channel::Io::kDone:
        break;
      case Channel::Io::kWait:
        return true;
      case Channel::Io::kClosed:
        return false;
    }
  }
}

bool Session::TurnFaulty() {
  if (fault_ == ConnectionFault::kStall) return true;
  std::array<char, 4096> ignored;
  const ssize_t size = ::recv(fd(), ignored.data(), ignored.size(), 0);
  if (size < 0) return errno == EAGAIN;
  if (size > 0 && fault_ == ConnectionFault::kGarbage) {
    constexpr char kGarbage[] = "\x00\xff neither TLS nor HTTP \r\n\r\n";
    (void)::send(fd(), kGarbage, sizeof(kGarbage), MSG_NOSIGNAL);
  }
  return false;
}

}  // namespace fairlead::apiserver
