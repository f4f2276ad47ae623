// SPDX-License-Identifier: Apache-2.0
//
// A request and its answer, without the HTTP version that carries them.
#ifndef FAIRLEAD_TESTS_APISERVER_HTTP_MESSAGE_H_
#define FAIRLEAD_TESTS_APISERVER_HTTP_MESSAGE_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace fairlead::apiserver {

struct Request {
  std::string method = {};
  std::string target = {};
  std::map<std::string, std::string> headers = {};  // names in lower case
  std::string body = {};
  // From the connection: the user of a client certificate that our authority has signed.
  std::string certificate_user = {};
  bool bad_certificate = false;  // one that it has not signed

  std::string Header(const std::string& name) const;
};

// Path and query of a target, decoded.
struct Target {
  std::string path;
  std::map<std::string, std::string> query;  // the last of each name

  std::string Option(const std::string& name) const;
  bool Has(const std::string& name) const { return query.contains(name); }
};
// InvalidArgument if it is not percent-encoded correctly.
absl::StatusOr<Target> ParseTarget(std::string_view target);

// The content of an answer, asked for piece by piece as there is room on the wire.
class Body {
 public:
  enum class State {
    kMore,   // has more at once
    kLater,  // has nothing now; is asked again after a change and with every tick
    kEnd,
    kCut,  // breaks off: the connection ends without a proper end of the answer
  };

  virtual ~Body() = default;
  // Appends to `out`, rather not much more than `room`.
  virtual State Read(std::string& out, size_t room) = 0;
};

struct Answer {
  int code = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};  // without Date and lengths
  std::unique_ptr<Body> body = {};
  std::optional<size_t> length = {};  // of a body that is known in full; others are chunked
};

using Handler = std::function<Answer(const Request&)>;

std::unique_ptr<Body> TextBody(std::string text);
Answer TextAnswer(int code, const std::string& content_type, std::string text);
std::string_view ReasonPhrase(int code);
// "Mon, 23 Nov 2026 03:06:26 GMT"
std::string HttpDate();

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_HTTP_MESSAGE_H_
