// SPDX-License-Identifier: Apache-2.0
//
// Cuts the objects out of an answer while it comes in, in pieces of any size:
// the events of a watch, or the items of a list. So no more than one object
// is in memory as text, and what it becomes is the caller's.
//
//   {"kind":"ServiceList","metadata":{…},"items":[ {…}, {…}, … ]}
//   └────────────── envelope ───────────────────┘ └─┘ object     └ envelope
//
//   {"type":"ADDED","object":{…}} {"type":"DELETED",…} …
//   └───────── object ──────────┘ └──── object ────┘
//
// Only brackets and strings are looked at, 64 bytes at a time; whether an
// object is JSON its parser finds out. Newlines mean nothing.
#ifndef FAIRLEAD_LOADER_API_JSON_SPLITTER_H_
#define FAIRLEAD_LOADER_API_JSON_SPLITTER_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "loader/api/bracket_scanner.h"

namespace fairlead::api {

// etcd takes 1.5 MiB for an object unless it is told otherwise.
inline constexpr size_t kMaxObjectBytes = size_t{16} << 20;
inline constexpr size_t kMaxEnvelopeBytes = size_t{1} << 20;

class JsonSplitter {
 public:
  enum class Layout { kEvents, kList };
  // The object's text, with kube::kJsonPadding readable bytes behind it. False: stop, the answer is
  // not wanted any more.
  using Visit = absl::FunctionRef<bool(std::string_view object)>;

  explicit JsonSplitter(Layout layout) : layout_(layout) {}

  // The next bytes of the answer. InvalidArgument: it is none of this layout. ResourceExhausted: an
  // object is too large. After an error, and after a false visit, the splitter is not to be fed.
  absl::Status Feed(std::string_view bytes, Visit visit);

  // The answer has ended. InvalidArgument: in the middle of something.
  absl::Status Finish() const;

  // Of a list: all of it but the items. Valid JSON, with padding, once Finish() says OK.
  std::string_view envelope();
  // Whether there were `items`, or `items: null`.
  bool has_items() const { return has_items_; }

 private:
  absl::Status Between(char c);
  absl::Status InEnvelope(char c);
  void StartValue(char c);
  absl::Status TooLarge() const;

  const Layout layout_;
  std::string buffer_;  // from the object that has begun
  bool in_object_ = false;
  BracketScanner scanner_;  // of that object
  size_t scanned_ = 0;      // what it has seen of buffer_
  size_t objects_ = 0;

  // Of the list around the items.
  std::string envelope_;
  size_t envelope_size_ = 0;
  bool in_items_ = false;
  bool has_items_ = false;
  int depth_ = 0;
  bool ended_ = false;
  bool quoted_ = false;
  bool escaped_ = false;
  bool wants_key_ = false;
  bool in_key_ = false;
  std::string key_;  // of the member of the list itself that is being read
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_JSON_SPLITTER_H_
