// SPDX-License-Identifier: Apache-2.0
//
// The objects of a server in a file, so that it can be killed and goes on where it
// was: one line per change, written before the change is told to anybody. The file
// is rewritten at each start. Events are not kept.
#ifndef FAIRLEAD_TESTS_APISERVER_STATE_FILE_H_
#define FAIRLEAD_TESTS_APISERVER_STATE_FILE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"
#include "tests/apiserver/store.h"

namespace fairlead::apiserver {

class StateFile {
 public:
  // Fills the store from the file, if there is one, and follows the store from then on. What an
  // earlier server knew of changes is gone: watches begin at the restored version. The store must
  // not change any more once this is destroyed.
  static absl::StatusOr<std::unique_ptr<StateFile>> Open(const std::string& path, Store& store);

 private:
  explicit StateFile(UniqueFd fd) : fd_(std::move(fd)) {}
  void Append(const Resource& resource, const Event& event) const;

  UniqueFd fd_;
};

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_STATE_FILE_H_
