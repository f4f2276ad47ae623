// SPDX-License-Identifier: Apache-2.0
//
// See process.h. Between fork and exec only async-signal-safe calls: tests have
// other threads, whose locks the child inherits in whatever state they are.
#include "lab/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "lab/files.h"
#include "lab/network_namespace.h"
#include "lab/pidfd.h"

namespace fairlead::lab {
namespace {

struct StandardFds {
  int in, out, err;
};

std::vector<std::string> Environment(const Command& command) {
  std::vector<std::string> result;
  result.reserve(command.env.size());
  for (const auto& [name, value] : command.env) result.push_back(fmt::format("{}={}", name, value));
  for (char** entry = environ; *entry != nullptr; ++entry) {
    std::string text = *entry;
    if (!command.env.contains(text.substr(0, text.find('=')))) result.push_back(std::move(text));
  }
  return result;
}

// Done before fork: searching PATH allocates.
absl::StatusOr<std::string> FindProgram(const Command& command) {
  if (command.argv.empty()) return absl::InvalidArgumentError("no command given");
  const std::string& name = command.argv[0];
  if (name.find('/') != std::string::npos) return name;
  const char* inherited = std::getenv("PATH");
  std::string path = inherited != nullptr ? inherited : "/usr/bin:/bin";
  if (const auto it = command.env.find("PATH"); it != command.env.end()) path = it->second;
  std::istringstream directories(path);
  for (std::string directory; std::getline(directories, directory, ':');) {
    std::string file = fmt::format("{}/{}", directory, name);
    if (!directory.empty() && ::access(file.c_str(), X_OK) == 0) return file;
  }
  return absl::NotFoundError(fmt::format("{}: no such program in {}", name, path));
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// What a child does until it is the program asked for.
struct ChildPlan {
  std::string program;
  std::vector<std::string> argv, environment;
  UniqueFd network_namespace;  // not ok: stay
  std::string directory;

  static absl::StatusOr<ChildPlan> Make(const Command& command) {
    ChildPlan plan;
    FL_ASSIGN_OR_RETURN(plan.program, FindProgram(command));
    plan.argv = command.argv;
    plan.environment = Environment(command);
    plan.directory = command.directory;
    if (!command.network_namespace.empty()) {
      FL_ASSIGN_OR_RETURN(plan.network_namespace, OpenNamespace(command.network_namespace));
    }
    return plan;
  }

  // Returns only on failure, with errno.
  int Become(char* const* argv_pointers, char* const* environment_pointers) const {
    if (network_namespace.ok() && ::setns(network_namespace.get(), CLONE_NEWNET) != 0) return errno;
    if (!directory.empty() && ::chdir(directory.c_str()) != 0) return errno;
    ::execve(program.c_str(), argv_pointers, environment_pointers);
    return errno;
  }
};

absl::StatusOr<std::array<UniqueFd, 2>> Pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return ErrnoStatus(errno, "make a pipe");
  return std::array<UniqueFd, 2>{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

absl::StatusOr<pid_t> Fork(const Command& command, const StandardFds& fds) {
  FL_ASSIGN_OR_RETURN(ChildPlan plan, ChildPlan::Make(command));
  const std::vector<char*> argv = Pointers(plan.argv);
  const std::vector<char*> environment = Pointers(plan.environment);
  // Carries errno of a failed exec; a successful one closes it.
  FL_ASSIGN_OR_RETURN(auto failure, Pipe());

  const pid_t pid = ::fork();
  if (pid < 0) return ErrnoStatus(errno, "fork");
  if (pid == 0) {
    ::setsid();
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_DFL);
    ::dup2(fds.in, STDIN_FILENO);
    ::dup2(fds.out, STDOUT_FILENO);
    ::dup2(fds.err, STDERR_FILENO);
    const int error = plan.Become(argv.data(), environment.data());
    (void)!::write(failure[1].get(), &error, sizeof(error));
    ::_exit(127);
  }
  failure[1].Reset();
  int error = 0;
  ssize_t got;
  do got = ::read(failure[0].get(), &error, sizeof(error));
  while (got < 0 && errno == EINTR);
  if (got == sizeof(error)) {
    ::waitpid(pid, nullptr, 0);
    return ErrnoStatus(error, "start " + plan.program);
  }
  return pid;
}

int ExitCode(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

// Takes what is there; false at the end of the stream.
bool Drain(int fd, std::string& into) {
  char buffer[65536];
  for (;;) {
    const ssize_t got = ::read(fd, buffer, sizeof(buffer));
    if (got > 0) into.append(buffer, static_cast<size_t>(got));
    if (got == 0) return false;
    if (got < 0) return errno == EAGAIN || errno == EINTR;
  }
}

}  // namespace

absl::StatusOr<Finished> Run(const Command& command, Duration timeout) {
  FL_ASSIGN_OR_RETURN(UniqueFd input, AnonymousFile(command.input));
  FL_ASSIGN_OR_RETURN(auto out, Pipe());
  FL_ASSIGN_OR_RETURN(auto err, Pipe());
  ::fcntl(out[0].get(), F_SETFL, O_NONBLOCK);
  ::fcntl(err[0].get(), F_SETFL, O_NONBLOCK);
  FL_ASSIGN_OR_RETURN(const pid_t pid, Fork(command, {input.get(), out[1].get(), err[1].get()}));
  out[1].Reset();
  err[1].Reset();
  const UniqueFd process(::pidfd_open(pid, 0));

  // The end of the process is what counts, not the end of its output: a
  // background child of it may hold the pipes open for ever.
  Finished finished;
  const Clock::time_point deadline = Clock::now() + timeout;
  absl::Status stopped;
  bool out_open = true, err_open = true;
  for (;;) {
    pollfd fds[] = {{process.get(), POLLIN, 0},
                    {out_open ? out[0].get() : -1, POLLIN, 0},
                    {err_open ? err[0].get() : -1, POLLIN, 0}};
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    ::poll(fds, 3, static_cast<int>(std::max<int64_t>(0, left.count())));
    if (out_open) out_open = Drain(out[0].get(), finished.out);
    if (err_open) err_open = Drain(err[0].get(), finished.err);
    if ((fds[0].revents & POLLIN) != 0) break;
    if (Clock::now() >= deadline) {
      stopped = absl::DeadlineExceededError(fmt::format("{} did not end", command.argv[0]));
    } else if (Interrupted()) {
      stopped = absl::CancelledError("interrupted");
    }
    if (!stopped.ok()) {
      ::kill(-pid, SIGKILL);  // its session: what it started goes with it
      break;
    }
  }
  int wait_status = 0;
  while (::waitpid(pid, &wait_status, 0) < 0 && errno == EINTR) continue;
  if (!stopped.ok()) return stopped;
  if (out_open) Drain(out[0].get(), finished.out);
  if (err_open) Drain(err[0].get(), finished.err);
  finished.exit_code = ExitCode(wait_status);
  return finished;
}

std::string ProcessId::ToString() const { return fmt::format("{} {}", pid, start_time); }

absl::StatusOr<ProcessId> ProcessId::Parse(const std::string& text) {
  ProcessId process;
  std::istringstream in(text);
  if (!(in >> process.pid >> process.start_time) || process.pid <= 1) {
    return absl::InvalidArgumentError(fmt::format("not a process: '{}'", text));
  }
  return process;
}

absl::StatusOr<ProcessId> ProcessId::Of(pid_t pid) {
  FL_ASSIGN_OR_RETURN(const std::string stat, ReadFile(fmt::format("/proc/{}/stat", pid)));
  // The name in parentheses may hold anything, so count from its end.
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string skipped, state;
  fields >> state;
  if (state == "Z" || state == "X") return absl::NotFoundError("the process has ended");
  for (int field = 4; field < 22; ++field) fields >> skipped;
  ProcessId process{.pid = pid};
  fields >> process.start_time;
  return process;
}

absl::StatusOr<ProcessId> Spawn(const Command& command, const std::string& log_file) {
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const UniqueFd log(::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!log.ok()) return ErrnoStatus(errno, "open " + log_file);
  FL_ASSIGN_OR_RETURN(const pid_t pid, Fork(command, {null.get(), log.get(), log.get()}));
  absl::StatusOr<ProcessId> process = ProcessId::Of(pid);
  if (!process.ok()) ::waitpid(pid, nullptr, WNOHANG);  // it ended at once; the log says why
  return process;
}

bool IsRunning(const ProcessId& process) {
  ::waitpid(process.pid, nullptr, WNOHANG);  // ECHILD when it is not our child: fine
  const auto now = ProcessId::Of(process.pid);
  return now.ok() && now->start_time == process.start_time;
}

absl::Status Stop(const ProcessId& process, int signal, Duration timeout) {
  // First hold the process, then check who it is: from here on the pid cannot
  // come to mean another one.
  const UniqueFd held(::pidfd_open(process.pid, 0));
  if (!held.ok() || !IsRunning(process)) return absl::OkStatus();
  if (::pidfd_send_signal(held.get(), signal, nullptr, 0) != 0 && errno != ESRCH) {
    return ErrnoStatus(errno, fmt::format("send signal {} to {}", signal, process.pid));
  }
  if (!WaitUntil([&] { return !IsRunning(process); }, timeout)) {
    return absl::DeadlineExceededError(
        fmt::format("process {} still runs after signal {}", process.pid, signal));
  }
  return absl::OkStatus();
}

absl::Status Exec(const Command& command) {
  FL_ASSIGN_OR_RETURN(ChildPlan plan, ChildPlan::Make(command));
  const int error = plan.Become(Pointers(plan.argv).data(), Pointers(plan.environment).data());
  return ErrnoStatus(error, "start " + plan.program);
}

}  // namespace fairlead::lab
