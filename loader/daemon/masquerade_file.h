// SPDX-License-Identifier: Apache-2.0
//
// --non-masquerade-config, followed live: a ConfigMap mount, a plain file, one
// that comes later. What cannot be read or understood changes nothing; a file
// that is gone says nothing.
#ifndef FAIRLEAD_LOADER_DAEMON_MASQUERADE_FILE_H_
#define FAIRLEAD_LOADER_DAEMON_MASQUERADE_FILE_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "loader/kube/directory_watch.h"
#include "loader/kube/masquerade_config.h"

namespace fairlead {

class MasqueradeFile {
 public:
  // The file's directory must exist. Reads the file once.
  static absl::StatusOr<MasqueradeFile> Open(const std::string& path);

  // Readable when ReadChanges() has something to do.
  int fd() const { return watch_.fd(); }
  // True if config() or problem() is another than before.
  bool ReadChanges();

  const kube::MasqueradeConfig& config() const { return config_; }
  // What is wrong with the file now; empty: nothing.
  const std::string& problem() const { return problem_; }

 private:
  MasqueradeFile(std::string path, std::string name, kube::DirectoryWatch watch)
      : path_(std::move(path)), name_(std::move(name)), watch_(std::move(watch)) {}
  void Read();

  std::string path_;
  std::string name_;  // in its directory
  kube::DirectoryWatch watch_;
  kube::MasqueradeConfig config_;
  std::string problem_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_MASQUERADE_FILE_H_
