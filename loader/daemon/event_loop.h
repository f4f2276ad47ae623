// SPDX-License-Identifier: Apache-2.0
//
// EventLoop: the daemon's one thread. It owns all state, so nothing needs a
// lock: whatever happens arrives as a readable descriptor.
#ifndef FAIRLEAD_LOADER_DAEMON_EVENT_LOOP_H_
#define FAIRLEAD_LOADER_DAEMON_EVENT_LOOP_H_

#include <functional>
#include <map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace fairlead {

class EventLoop {
 public:
  static absl::StatusOr<EventLoop> Create();

  // Calls `ready` whenever `fd` is readable. The descriptor stays the caller's
  // and must outlive the loop.
  absl::Status Watch(int fd, std::function<void()> ready);
  // Until Stop() is called from a callback.
  absl::Status Run();
  void Stop() { stopped_ = true; }

 private:
  UniqueFd epoll_;
  std::map<int, std::function<void()>> ready_;
  bool stopped_ = false;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_EVENT_LOOP_H_
