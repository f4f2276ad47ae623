// SPDX-License-Identifier: Apache-2.0
//
// Programs started by the lab: fork and exec without a shell, inside a network
// namespace entered with setns(CLONE_NEWNET) and nothing else. `ip netns exec`
// would do more, namely hide the node's bpffs behind a fresh /sys.
#ifndef FAIRLEAD_LAB_PROCESS_H_
#define FAIRLEAD_LAB_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lab/clock.h"

namespace fairlead::lab {

struct Command {
  std::vector<std::string> argv;                // argv[0] is looked up in PATH, that of `env` first
  std::string network_namespace = {};           // a name under /run/netns; empty: the caller's
  std::map<std::string, std::string> env = {};  // replaces or adds to the caller's environment
  std::string directory = {};                   // working directory; empty: the caller's
  std::string input = {};                       // standard input of Run
};

struct Finished {
  int exit_code = 0;  // 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

// Runs to the end and collects the output. DEADLINE_EXCEEDED when it had to be
// killed because `timeout` passed, CANCELLED on Interrupted().
absl::StatusOr<Finished> Run(const Command& command, Duration timeout);

// A process that cannot be confused with a later one that got the same pid.
struct ProcessId {
  pid_t pid = 0;
  uint64_t start_time = 0;  // clock ticks since boot, field 22 of /proc/PID/stat

  std::string ToString() const;  // "PID START_TIME"; what Parse reads
  static absl::StatusOr<ProcessId> Parse(const std::string& text);
  static absl::StatusOr<ProcessId> Of(pid_t pid);
};

// Starts and leaves it running in a session of its own (Ctrl-C does not reach
// it), standard output and error appended to `log_file`.
absl::StatusOr<ProcessId> Spawn(const Command& command, const std::string& log_file);

bool IsRunning(const ProcessId& process);  // a zombie does not run; our own are reaped here

// Sends `signal` and waits for the end; after `timeout` DEADLINE_EXCEEDED and
// the process is left alone. A process that is gone already is fine.
absl::Status Stop(const ProcessId& process, int signal, Duration timeout);

// Replaces the calling process; returns only on failure.
absl::Status Exec(const Command& command);

}  // namespace fairlead::lab

#endif  // FAIRLEAD_LAB_PROCESS_H_
