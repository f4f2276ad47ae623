// SPDX-License-Identifier: Apache-2.0
//
// Where a lab keeps what it must remember between commands:
//
//   /run/fairlead-lab/LAB/
//     lab.json              see lab_record.h
//     owner                 the process that takes it down (labs of tests)
//     manifests/            what all daemons watch: given files and lab-*.json
//     node1/state run bpffs       one node's --state-dir, --run-dir, --bpffs
//     node1.log node1.pid         its daemon
//     pods/POD/ POD.log POD.pid   working folder, output, process of a pod
#ifndef FAIRLEAD_LAB_LAB_FOLDER_H_
#define FAIRLEAD_LAB_LAB_FOLDER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"
#include "lab/process.h"

namespace fairlead::lab {

class LabFolder {
 public:
  explicit LabFolder(std::string lab);

  const std::string& lab() const { return lab_; }
  const std::string& path() const { return path_; }
  std::string Path(const std::string& file) const { return path_ + "/" + file; }
  std::string manifests() const { return Path("manifests"); }

  // A new folder, locked. ALREADY_EXISTS when this lab is up, or was left by a
  // crash: then `down` first.
  absl::StatusOr<UniqueFd> Create() const;

  // Waits (bounded) until nobody else changes this lab; the lock ends with the
  // descriptor. NOT_FOUND when there is no such lab.
  absl::StatusOr<UniqueFd> Lock() const;

  absl::Status RecordProcess(const std::string& member, const ProcessId& process) const;
  absl::StatusOr<ProcessId> RecordedProcess(const std::string& member) const;  // NOT_FOUND

 private:
  std::string lab_;
  std::string path_;
};

// Names of all labs on this machine, up or left over.
std::vector<std::string> ExistingLabs();

}  // namespace fairlead::lab

#endif  // FAIRLEAD_LAB_LAB_FOLDER_H_
