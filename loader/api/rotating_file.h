// SPDX-License-Identifier: Apache-2.0
//
// A small file that somebody else replaces now and then: a token, a certificate.
// It is read when asked for, at most once a minute, or at once after Expire().
// When it cannot be read, what it said last stays in force: a file is away for a
// moment while it is replaced, and the server tells us when it means nothing any more.
#ifndef FAIRLEAD_LOADER_API_ROTATING_FILE_H_
#define FAIRLEAD_LOADER_API_ROTATING_FILE_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "loader/api/access.h"
#include "loader/api/clock.h"

namespace fairlead::api {

inline constexpr size_t kMostFileBytes = size_t{1} << 20;

// The whole file, if it is regular (or leads to one) and not larger than that.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path);

class RotatingFile {
 public:
  // Given as text, it never changes. The clock must outlive this.
  RotatingFile(FileOrText source, const Clock& clock) : source_(std::move(source)), clock_(clock) {}

  bool given() const { return !source_.empty(); }
  const std::string& path() const { return source_.file; }
  // "" when not given. An error only if it has never been read.
  absl::StatusOr<std::string> Text();
  void Expire() { read_at_.reset(); }

 private:
  FileOrText source_;
  const Clock& clock_;
  std::optional<std::string> last_;
  std::optional<Clock::Time> read_at_;
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_ROTATING_FILE_H_
