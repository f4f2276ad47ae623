// SPDX-License-Identifier: Apache-2.0
#include "loader/api/plugin_run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "loader/api/ascii_text.h"

namespace fairlead::api {
namespace {

constexpr size_t kComplaintBytes = 1000;
constexpr size_t kPipeBytes = size_t{64} << 10;

// Ends of a pipe: ours does not block.
struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

absl::StatusOr<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoStatus(errno, "make a pipe");
  Pipe made{UniqueFd(ends[0]), UniqueFd(ends[1])};
  if (fcntl(made.read.get(), F_SETFL, O_NONBLOCK) != 0) return ErrnoStatus(errno, "make a pipe");
  return made;
}

std::vector<std::string> Environment(const PluginCommand& command) {
  std::map<std::string, std::string> variables;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const size_t sign = text.find('=');
    if (sign != std::string::npos) variables[text.substr(0, sign)] = text.substr(sign + 1);
  }
  for (const auto& [name, value] : command.environment) variables[name] = value;
  std::vector<std::string> texts;
  texts.reserve(variables.size());
  for (const auto& [name, value] : variables) texts.push_back(fmt::format("{}={}", name, value));
  return texts;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Takes what is there, but not more than a pipe holds: who writes without end keeps nobody else
// waiting. What exceeds `most` is lost from the beginning. At its end the pipe is closed, since it
// would be readable for ever.
void ReadTail(UniqueFd& fd, size_t most, std::string& text) {
  char bytes[16384];
  for (size_t left = kPipeBytes; fd.ok() && left > 0;) {
    const ssize_t got = read(fd.get(), bytes, std::min(left, sizeof(bytes)));
    if (got == 0) fd.Reset();
    if (got <= 0) return;
    left -= static_cast<size_t>(got);
    text.append(bytes, static_cast<size_t>(got));
    if (text.size() > most) text.erase(0, text.size() - most);
  }
}

// Its own process group, so that it can be ended with all that it starts; signals as at a login.
class SpawnSettings {
 public:
  SpawnSettings(const UniqueFd& output, const UniqueFd& errors) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, errors.get(), STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<PluginRun>> PluginRun::Start(const PluginCommand& command,
                                                            Clock& clock, Ended ended) {
  auto run = std::unique_ptr<PluginRun>(new PluginRun(std::move(ended)));
  run->most_output_ = command.most_output;
  FL_RETURN_IF_ERROR(run->Spawn(command));
  run->time_limit_ =
      clock.After(command.time_limit, [self = run.get(), limit = command.time_limit] {
        self->refused_ = absl::DeadlineExceededError(
            fmt::format("has not ended after {} s", std::chrono::duration<double>(limit).count()));
        self->Kill();  // its end comes by ReadReady()
      });
  return run;
}

absl::Status PluginRun::Spawn(const PluginCommand& command) {
  FL_ASSIGN_OR_RETURN(Pipe output, MakePipe());
  FL_ASSIGN_OR_RETURN(Pipe errors, MakePipe());
  const SpawnSettings settings(output.write, errors.write);
  std::vector<std::string> arguments = {command.program};
  arguments.insert(arguments.end(), command.arguments.begin(), command.arguments.end());
  std::vector<std::string> environment = Environment(command);
  if (const int error =
          posix_spawnp(&pid_, command.program.c_str(), settings.actions(), settings.attributes(),
                       Pointers(arguments).data(), Pointers(environment).data());
      error != 0) {
    pid_ = -1;
    return ErrnoStatus(error, "start it");
  }
  output_ = std::move(output.read);
  errors_ = std::move(errors.read);
  // Not pidfd_open(): glibc 2.36 declares that without extern "C".
  process_ = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  if (!process_.ok() || !epoll_.ok()) return ErrnoStatus(errno, "watch it");
  for (const int fd : {process_.get(), output_.get(), errors_.get()}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
      return ErrnoStatus(errno, "watch it");
    }
  }
  return absl::OkStatus();
}

PluginRun::~PluginRun() {
  if (pid_ < 0) return;
  Kill();
  waitpid(pid_, nullptr, WNOHANG);
}

void PluginRun::Kill() { kill(-pid_, SIGKILL); }

bool PluginRun::Exited() {
  if (waitpid(pid_, &exit_status_, WNOHANG) != pid_) return false;
  kill(-pid_, SIGKILL);  // what it left behind
  pid_ = -1;
  return true;
}

void PluginRun::ReadReady() {
  const bool exited = Exited();  // before reading: then nothing of it is missed
  ReadTail(errors_, kComplaintBytes, complaint_);
  ReadTail(output_, most_output_ + 1, printed_);
  if (printed_.size() > most_output_ && refused_.ok()) {
    refused_ = absl::ResourceExhaustedError(fmt::format("prints more than {} bytes", most_output_));
    if (!exited) Kill();
  }
  if (exited) End();
}

void PluginRun::End() {
  time_limit_.reset();
  std::string why;
  if (!refused_.ok()) {
    why = std::string(refused_.message());
  } else if (WIFSIGNALED(exit_status_)) {
    why = fmt::format("was ended by signal {}", WTERMSIG(exit_status_));
  } else if (WEXITSTATUS(exit_status_) != 0) {
    why = fmt::format("failed with exit code {}", WEXITSTATUS(exit_status_));
  }
  const Ended ended = std::move(ended_);
  if (why.empty()) return ended(std::move(printed_));
  const std::string_view said = Trim(complaint_);
  if (!said.empty()) why += fmt::format(", and says: {}", said);
  ended(absl::UnavailableError(why));
}

}  // namespace fairlead::api
