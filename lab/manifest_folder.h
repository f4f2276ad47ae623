// SPDX-License-Identifier: Apache-2.0
//
// The folder all daemons of a lab watch. Files given by people lie there as
// they are; what the lab adds in the place of kubelet, scheduler and
// controllers is in files called lab-*.json.
#ifndef FAIRLEAD_LAB_MANIFEST_FOLDER_H_
#define FAIRLEAD_LAB_MANIFEST_FOLDER_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lab/objects.h"

namespace fairlead::lab {

class ManifestFolder {
 public:
  explicit ManifestFolder(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }

  // Takes over a manifest. Pods bound to one of `nodes` are returned instead of
  // being copied: they are shown to the daemons when they have addresses. So
  // are Node objects of these names left out, because the lab knows better.
  absl::StatusOr<std::vector<Object>> Take(const std::string& file,
                                           const std::set<std::string>& nodes) const;
  // Take for every manifest file of a folder.
  absl::StatusOr<std::vector<Object>> TakeAll(const std::string& folder,
                                              const std::set<std::string>& nodes) const;

  absl::Status PutPod(const Object& pod) const;
  absl::Status ErasePod(const Object& pod) const;

  // All objects there are now; files that do not parse are left out.
  absl::StatusOr<std::vector<Object>> Read() const;
  // NOT_FOUND when there is no such pod in any namespace.
  absl::StatusOr<Object> FindPod(const std::string& name) const;

  // Adds the Namespaces objects live in and brings the EndpointSlices of all
  // Services up to date. Touches only files whose content changes; removes
  // none while a file is broken.
  absl::Status Complete() const;

 private:
  absl::Status Put(const std::string& file, const std::string& text) const;

  std::string path_;
};

}  // namespace fairlead::lab

#endif  // FAIRLEAD_LAB_MANIFEST_FOLDER_H_
