// SPDX-License-Identifier: Apache-2.0
//
// Watches: changes as they happen, in the window or from now on, with bookmarks;
// and WatchList, which tells everything first.
#ifndef FAIRLEAD_TESTS_APISERVER_WATCH_H_
#define FAIRLEAD_TESTS_APISERVER_WATCH_H_

#include <chrono>

#include "tests/apiserver/collection.h"
#include "tests/apiserver/list.h"

namespace fairlead::apiserver {

// What a server knows of sendInitialEvents.
enum class WatchListSupport {
  kYes,
  kNoStorage,  // an ERROR event in the stream: an etcd that is too old
  kNoFeature,  // 422: an apiserver before 1.32
};

struct WatchOptions {
  WatchListSupport watch_list = WatchListSupport::kYes;
  std::chrono::milliseconds bookmark_interval{60'000};
};

// resourceVersion, timeoutSeconds, allowWatchBookmarks, sendInitialEvents. The store must outlive
// the body.
BodyOrStatus MakeWatch(const Store& store, const Collection& collection, const Target& target,
                       const WatchOptions& options);

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_WATCH_H_
