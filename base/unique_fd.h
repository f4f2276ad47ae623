// SPDX-License-Identifier: Apache-2.0
//
// An owned file descriptor: closed exactly once, moved but never copied, and
// never mistaken for an int.
#ifndef FAIRLEAD_BASE_UNIQUE_FD_H_
#define FAIRLEAD_BASE_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace fairlead {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      Reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { Reset(); }

  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void Reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

}  // namespace fairlead

#endif  // FAIRLEAD_BASE_UNIQUE_FD_H_
