// SPDX-License-Identifier: Apache-2.0
//
// One run of another program in the event loop: what it prints, if it ends well,
// in time, and prints no more than it may. No shell sees its arguments.
#ifndef FAIRLEAD_LOADER_API_PLUGIN_RUN_H_
#define FAIRLEAD_LOADER_API_PLUGIN_RUN_H_

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"
#include "loader/api/clock.h"

namespace fairlead::api {

struct PluginCommand {
  std::string program;  // looked for in PATH, if there is no slash in it
  std::vector<std::string> arguments = {};
  std::vector<std::pair<std::string, std::string>> environment = {};  // beside our own, and wins
  std::chrono::milliseconds time_limit{30'000};
  size_t most_output = size_t{1} << 20;
};

class PluginRun {
 public:
  // What it printed, or what went wrong, with the end of what it said on standard error.
  using Ended = std::function<void(absl::StatusOr<std::string>)>;

  // `ended` is called once, from ReadReady() or by the clock, which must outlive this. NotFound
  // when there is no such program.
  static absl::StatusOr<std::unique_ptr<PluginRun>> Start(const PluginCommand& command,
                                                          Clock& clock, Ended ended);
  PluginRun(const PluginRun&) = delete;
  PluginRun& operator=(const PluginRun&) = delete;
  // Kills what still runs.
  ~PluginRun();

  // Readable when ReadReady() has something to do.
  int fd() const { return epoll_.get(); }
  // Never blocks. May destroy this.
  void ReadReady();

 private:
  explicit PluginRun(Ended ended) : ended_(std::move(ended)) {}
  absl::Status Spawn(const PluginCommand& command);
  void Kill();
  bool Exited();
  void End();

  Ended ended_;
  size_t most_output_ = 0;
  pid_t pid_ = -1;  // -1: reaped
  UniqueFd process_;
  UniqueFd output_;
  UniqueFd errors_;
  UniqueFd epoll_;
  std::string printed_;
  std::string complaint_;  // the last bytes of standard error
  int exit_status_ = 0;
  absl::Status refused_;  // why we ended it
  std::unique_ptr<Alarm> time_limit_;
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_PLUGIN_RUN_H_
