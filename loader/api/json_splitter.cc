// SPDX-License-Identifier: Apache-2.0
#include "loader/api/json_splitter.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/status_macros.h"
#include "loader/kube/json_parser.h"

namespace fairlead::api {
namespace {

constexpr size_t kPadding = std::max(kube::kJsonPadding, BracketScanner::kBlock);
constexpr size_t kMostBytesKept = size_t{1} << 20;

bool IsBlank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

absl::Status Unexpected(char c, const char* where) {
  const bool printable = c > ' ' && c < 0x7f;
  return absl::InvalidArgumentError(
      printable ? fmt::format("\"{}\" {}", c, where)
                : fmt::format("the byte {:#04x} {}", static_cast<unsigned char>(c), where));
}

}  // namespace

absl::Status JsonSplitter::Feed(std::string_view bytes, Visit visit) {
  buffer_.append(bytes);
  const size_t size = buffer_.size();
  buffer_.resize(size + kPadding);
  size_t begin = 0;  // of the object
  size_t at = scanned_;
  bool wanted = true;
  while (wanted && at < size) {
    if (!in_object_) {
      begin = at;
      FL_RETURN_IF_ERROR(Between(buffer_[at]));
      if (!in_object_) ++at;
      continue;
    }
    const size_t length = scanner_.FindEnd(std::string_view(buffer_).substr(at, size - at));
    at = length == std::string_view::npos ? size : at + length;
    if (at - begin > kMaxObjectBytes) return TooLarge();
    if (length == std::string_view::npos) break;
    in_object_ = false;
    ++objects_;
    wanted = visit(std::string_view(buffer_).substr(begin, at - begin));
  }
  const size_t done = in_object_ ? begin : size;
  buffer_.resize(size);
  buffer_.erase(0, done);
  scanned_ = buffer_.size();
  if (buffer_.capacity() > kMostBytesKept && scanned_ < kMostBytesKept) buffer_.shrink_to_fit();
  return absl::OkStatus();
}

// One byte outside of objects.
absl::Status JsonSplitter::Between(char c) {
  if (layout_ == Layout::kList && !in_items_) return InEnvelope(c);
  if (c == '{') {
    in_object_ = true;
    scanner_ = {};
    return absl::OkStatus();
  }
  if (IsBlank(c) || (in_items_ && c == ',')) return absl::OkStatus();
  if (!in_items_ || c != ']') return Unexpected(c, "stands where an object should begin");
  in_items_ = false;
  return InEnvelope(c);
}

absl::Status JsonSplitter::InEnvelope(char c) {
  if (ended_ || depth_ == 0) {
    if (IsBlank(c)) return absl::OkStatus();
    if (ended_) return Unexpected(c, "stands behind the end of the list");
    if (c != '{') return Unexpected(c, "stands where the list should begin");
  }
  envelope_.push_back(c);
  if (envelope_.size() > kMaxEnvelopeBytes) {
    return absl::ResourceExhaustedError(
        fmt::format("a list has more than {} MiB beside its items", kMaxEnvelopeBytes >> 20));
  }
  if (!quoted_) {
    StartValue(c);
    return absl::OkStatus();
  }
  if (escaped_) {
    escaped_ = false;
  } else if (c == '\\') {
    escaped_ = true;
  } else if (c == '"') {
    quoted_ = in_key_ = false;
    return absl::OkStatus();
  }
  if (in_key_) key_.push_back(c);
  return absl::OkStatus();
}

// A byte of the envelope outside of strings.
void JsonSplitter::StartValue(char c) {
  switch (c) {
    case '"':
      quoted_ = true;
      in_key_ = wants_key_;
      if (in_key_) key_.clear();
      wants_key_ = false;
      break;
    case '{':
    case '[':
      ++depth_;
      wants_key_ = depth_ == 1;
      if (c == '[' && depth_ == 2 && key_ == "items") in_items_ = has_items_ = true;
      break;
    case '}':
    case ']':
      --depth_;
      wants_key_ = false;
      ended_ = depth_ == 0;
      break;
    case ',':
      wants_key_ = depth_ == 1;
      break;
    case 'n':
      if (depth_ == 1 && key_ == "items") has_items_ = true;
      break;
    default:
      break;
  }
}

absl::Status JsonSplitter::Finish() const {
  if (in_object_) return absl::InvalidArgumentError("ends within an object");
  if (layout_ == Layout::kList && !ended_)
    return absl::InvalidArgumentError("ends within the list");
  return absl::OkStatus();
}

std::string_view JsonSplitter::envelope() {
  if (envelope_size_ == 0) {
    envelope_size_ = envelope_.size();
    envelope_.append(kPadding, ' ');
  }
  return std::string_view(envelope_).substr(0, envelope_size_);
}

// Named by its beginning: the server writes kind and metadata first.
absl::Status JsonSplitter::TooLarge() const {
  constexpr size_t kShown = 200;
  return absl::ResourceExhaustedError(
      fmt::format("object {} is larger than {} MiB; it begins with {}", objects_ + 1,
                  kMaxObjectBytes >> 20, buffer_.substr(0, kShown)));
}

}  // namespace fairlead::api
