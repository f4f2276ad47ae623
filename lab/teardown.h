// SPDX-License-Identifier: Apache-2.0
//
// Taking a lab down, also one that was only half up: everything is found by
// looking at the machine (names of namespaces, who lives in them, mounts below
// the lab's folder), not by trusting notes.
#ifndef FAIRLEAD_LAB_TEARDOWN_H_
#define FAIRLEAD_LAB_TEARDOWN_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "lab/lab_folder.h"

namespace fairlead::lab {

// Ends the lab's processes, unmounts its bpffs, removes its namespaces and its
// folder. Idempotent. What cannot be removed does not keep the rest; the first
// error is returned. The caller holds the lab's lock if there is a folder.
absl::Status RemoveLab(const LabFolder& folder);

// Removes a folder of the lab, after unmounting what is mounted below it.
absl::Status RemoveTree(const std::string& folder);

// Kills (SIGKILL) whatever lives in these namespaces and waits for its end.
absl::Status KillProcesses(const std::vector<std::string>& namespaces);

// Takes down the labs whose owner (a test) died without doing so.
absl::Status RemoveAbandonedLabs();

}  // namespace fairlead::lab

#endif  // FAIRLEAD_LAB_TEARDOWN_H_
