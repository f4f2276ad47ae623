// SPDX-License-Identifier: Apache-2.0
//
// The attached pods on disk (files 0600, directory 0700), as a whole and as
// what has changed since:
//
//   STATE_DIR/pods.json      {"journal": 7, "bootID": …, "pods": […], …}
//   STATE_DIR/pods.journal   {"journal": 7}            a line each:
//                            {"add": {…}}              the cost of an ADD does
//                            {"remove": 3}             not grow with the node
//
// pods.json is replaced durably (fsync) and begins a journal of a new number; a
// journal of another number is of before it and ignored. Lines are appended
// without fsync: kill -9 loses nothing that was written, and after a crash of
// the machine there are no pods that a line could be about. So a last line
// that was cut short did not happen, and of a journal of another boot what can
// be read is enough. Any other damage is an error that says what to do; it is
// never taken for "no pods", because then their addresses would be given out
// twice. (Decision 0017.)
#ifndef FAIRLEAD_LOADER_PODS_POD_STORE_H_
#define FAIRLEAD_LOADER_PODS_POD_STORE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"
#include "base/unique_fd.h"
#include "loader/pods/local_pod.h"

namespace fairlead {

struct PodState {
  std::vector<LocalPod> pods;
  // What came back most recently, longest ago first, so that a restart does
  // not give it out at once.
  std::vector<uint32_t> freed_slots;
  std::vector<IpAddress> freed_addresses;

  friend bool operator==(const PodState&, const PodState&) = default;
};

class PodStore {
 public:
  // Makes the directory if it is not there. `boot_id`: of the running kernel.
  static absl::StatusOr<PodStore> Open(const std::string& state_dir, std::string boot_id);

  // No file: no pods. DataLoss: a file is damaged.
  absl::StatusOr<PodState> Load();
  // The whole state, durably; to be called once before the first Append.
  absl::Status Save(const PodState& state);
  // One change. After a failure, or when the journal has become long,
  // NeedsSave() asks for the next change to be written by Save().
  absl::Status AppendAdd(const LocalPod& pod);
  absl::Status AppendRemove(uint32_t slot);
  bool NeedsSave() const { return !journal_.ok() || journal_lines_ >= kLongestJournal; }

  const std::string& path() const { return path_; }
  const std::string& journal_path() const { return journal_path_; }

  static constexpr size_t kLongestJournal = 4096;  // lines

 private:
  PodStore(const std::string& directory, std::string boot_id)
      : path_(directory + "/pods.json"),
        journal_path_(directory + "/pods.journal"),
        boot_id_(std::move(boot_id)) {}
  absl::Status Append(const std::string& line);

  std::string path_;
  std::string journal_path_;
  std::string boot_id_;
  uint64_t number_ = 0;  // of the present journal
  UniqueFd journal_;     // not ok(): there is none to append to
  size_t journal_lines_ = 0;
};

// Of the running kernel; another one after every boot.
std::string CurrentBootId();

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_PODS_POD_STORE_H_
