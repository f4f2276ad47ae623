// SPDX-License-Identifier: Apache-2.0
//
// What the reflectors and writers need of a connection to the API server, and
// no more. HttpTransport (libcurl) is the real one; tests have scripted ones.
//
// A transport knows the servers and the credentials, and nothing of Kubernetes'
// objects: it tries the next server when one cannot be reached, and reads its
// credentials anew after a 401. All requests share its connections.
#ifndef FAIRLEAD_LOADER_API_TRANSPORT_H_
#define FAIRLEAD_LOADER_API_TRANSPORT_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace fairlead::api {

enum class Verb : uint8_t { kGet, kPost, kPut, kPatch };

struct Request {
  Verb verb = Verb::kGet;
  std::string target;             // path and query: "/api/v1/services?limit=500", percent-encoded
  std::string content_type = {};  // of `body`
  std::string body = {};
  // The longest time without a byte of the answer, from Send() on; then the exchange ends with
  // DeadlineExceeded. Zero: no limit.
  std::chrono::milliseconds quiet_limit{0};
  // The same until the answer begins, where that is to be shorter. Zero: it is not.
  std::chrono::milliseconds begin_limit{0};
};

struct ResponseHead {
  int code = 0;  // of HTTP; redirects are not followed
  bool ok() const { return code == 200; }
  std::string content_type = {};
  std::optional<std::chrono::seconds> retry_after = {};
  std::string server = {};  // which of the servers answered, for people
};

// Takes one answer: Begin once, Receive as bytes come, End once. Or just End, with what went wrong
// before there was an answer. Called on the loop's thread, never from within Send().
class Receiver {
 public:
  virtual ~Receiver() = default;
  virtual void Begin(const ResponseHead& head) = 0;
  virtual void Receive(std::string_view bytes) = 0;
  // OK: the answer is complete. Otherwise Unavailable (not reached, cut off), DeadlineExceeded
  // (quiet), Unauthenticated (no credentials to send, or the server is not who it should be).
  virtual void End(const absl::Status& status) = 0;
};

// A request under way. Destroying it cancels: no call of the Receiver follows. That may be done
// from within a call of the Receiver.
class Exchange {
 public:
  virtual ~Exchange() = default;
};

class Transport {
 public:
  virtual ~Transport() = default;
  // The receiver must outlive the exchange.
  [[nodiscard]] virtual std::unique_ptr<Exchange> Send(Request request, Receiver& receiver) = 0;
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_TRANSPORT_H_
