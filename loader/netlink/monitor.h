// SPDX-License-Identifier: Apache-2.0
//
// Tells the daemon's loop that interfaces, addresses, routes or sysctls of the
// node have changed. It says that, not what: the daemon looks at the present
// state, which is right even when events were lost.
#ifndef FAIRLEAD_LOADER_NETLINK_MONITOR_H_
#define FAIRLEAD_LOADER_NETLINK_MONITOR_H_

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace fairlead {

struct NetworkChanges {
  bool links = false;
  bool addresses = false;
  bool routes = false;
  bool sysctls = false;  // forwarding, rp_filter of some device or of all
  // Of the ignored links that somebody has made stop forwarding, or filter strictly.
  std::set<uint32_t> spoilt_links = {};
  std::set<uint32_t> unfiltered_links = {};  // that a filter or qdisc was taken off
  std::set<uint32_t> gone_links = {};        // of the ignored ones, that were deleted
  bool lost_events = false;                  // everything may have changed

  bool any() const { return links || addresses || routes; }
};

class NetworkMonitor {
 public:
  // Watches the calling thread's namespace. Events of links in
  // [ignore_first, ignore_first + ignore_count) are not reported: attaching a
  // pod must not make the daemon look at all its interfaces.
  static absl::StatusOr<NetworkMonitor> Open(uint32_t ignore_first = 0, uint32_t ignore_count = 0);

  // Readable when Drain() has something to read.
  int fd() const { return socket_.get(); }

  // Reads what has piled up, without waiting. When the kernel had to drop
  // events, everything counts as changed.
  absl::StatusOr<NetworkChanges> Drain();

 private:
  NetworkMonitor(UniqueFd socket, uint32_t ignore_first, uint32_t ignore_count)
      : socket_(std::move(socket)),
        ignore_first_(ignore_first),
        ignore_count_(ignore_count),
        buffer_(32 * 1024) {}
  void Count(int left, NetworkChanges* changes) const;
  bool IsIgnored(uint32_t link) const { return link - ignore_first_ < ignore_count_; }

  UniqueFd socket_;
  uint32_t ignore_first_;
  uint32_t ignore_count_;
  std::vector<char> buffer_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_NETLINK_MONITOR_H_
