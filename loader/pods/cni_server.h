// SPDX-License-Identifier: Apache-2.0
//
// The daemon's ear for fairlead-cni: a unix socket (RUN_DIR/cni.sock, 0600 in
// a directory of 0700) on which requests of root are answered by PodAttacher.
//
// It lives on the daemon's event loop and never waits for a client: one that
// is slow, silent or broken is dropped after a few seconds, and no more than a
// fixed number is listened to at a time; the others queue in the kernel.
#ifndef FAIRLEAD_LOADER_PODS_CNI_SERVER_H_
#define FAIRLEAD_LOADER_PODS_CNI_SERVER_H_

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"
#include "loader/pods/cni_answers.h"
#include "loader/pods/pod_attacher.h"

namespace fairlead {

class CniServer {
 public:
  // Completes the DELs that were written down meanwhile, then replaces a socket
  // that an earlier run has left at `path`; that no other daemon is alive is the
  // caller's business. `attacher` must outlive it.
  // `patience`: how long a client may stay silent.
  static absl::StatusOr<std::unique_ptr<CniServer>> Create(
      const std::string& path, PodAttacher& attacher,
      std::chrono::milliseconds patience = std::chrono::seconds(5));
  ~CniServer();  // removes the socket
  CniServer(const CniServer&) = delete;
  CniServer& operator=(const CniServer&) = delete;

  // Readable when ReadReady() has something to do; for poll or epoll.
  int fd() const { return epoll_.get(); }

  // Whether nobody is waiting who has been let in.
  bool idle() const { return clients_.empty(); }

  // Answers a few of the waiting requests and returns, so that others on the
  // loop get their turn: call it again while fd() is readable.
  void ReadReady();

 private:
  using Clock = std::chrono::steady_clock;

  struct Client {
    UniqueFd socket;
    Clock::time_point deadline;
  };

  CniServer(std::string path, CniAnswers answers, std::chrono::milliseconds patience)
      : path_(std::move(path)), answers_(std::move(answers)), patience_(patience) {}
  absl::Status Listen();
  absl::Status Watch(int fd) const;
  void Unwatch(int fd) const;
  void Accept();
  void Answer(int client);
  void CompleteDeferred();
  void Drop(int client);
  void DropLate();
  void PauseAccepting(bool pause);
  void ArmTimer();

  std::string path_;
  CniAnswers answers_;
  std::chrono::milliseconds patience_;
  UniqueFd epoll_;
  UniqueFd listener_;
  UniqueFd timer_;
  bool paused_ = false;
  std::optional<Clock::time_point> retry_deferred_;  // unset: none has failed
  std::map<int, Client> clients_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_PODS_CNI_SERVER_H_
