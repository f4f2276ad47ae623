// SPDX-License-Identifier: Apache-2.0
//
// Cluster state from a directory of manifests (`--manifests DIR`), followed
// live: whatever kubectl would apply, without an API server. Reads *.yaml,
// *.yml and *.json (not recursively), several documents per file, List kinds.
//
// What is broken never takes working objects away:
//   - a file that is not YAML (JSON): all objects it gave before stay;
//   - an object that does not parse: its last good version stays, its
//     neighbours are updated;
//   - an object without a readable kind or name: nothing is removed by this
//     version of the file, since it may be any of them;
//   - the directory vanishes: everything stays.
// A removed file, or an object gone from a good file, is a deletion. An object
// in two files is taken from the first by name; when that goes, from the next.
//
// A closed, renamed or removed file is in the store within 100 ms if the caller
// answers fd() at once; one kept open by its writer after a second of quiet.
#ifndef FAIRLEAD_LOADER_KUBE_MANIFEST_SOURCE_H_
#define FAIRLEAD_LOADER_KUBE_MANIFEST_SOURCE_H_

#include <sys/stat.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "loader/kube/directory_watch.h"
#include "loader/kube/manifest_file.h"
#include "loader/kube/object_store.h"

namespace fairlead::kube {

inline constexpr size_t kMaxManifestBytes = size_t{64} << 20;  // per file; larger ones are refused

class ManifestSource {
 public:
  // NotFound if there is no such directory. Changes are noticed from here on.
  static absl::StatusOr<std::unique_ptr<ManifestSource>> Open(const std::string& directory);

  // Readable when ReadChanges() has something to do. For poll and epoll only.
  int fd() const { return watch_.fd(); }

  // Reads every file. Fails only if the directory itself cannot be read; what is wrong with files
  // is in errors(). The store must be the same in all calls.
  absl::Status LoadAll(ObjectStore& store);

  struct Changes {
    bool objects = false;  // the store has changed
    bool errors = false;   // errors() has changed
  };
  // Reads what has changed and is complete. Never blocks.
  Changes ReadChanges(ObjectStore& store);

  // Everything that is wrong now, by file. New ones are logged once.
  const std::vector<ManifestError>& errors() const { return errors_; }
  // Objects of kinds that fairlead does not read.
  int ignored_objects() const;

 private:
  // Tells one state of a file from another without reading it.
  struct Signature {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = -1;
    int64_t modified = 0;  // nanoseconds, as is changed
    int64_t changed = 0;

    friend bool operator==(const Signature&, const Signature&) = default;
  };
  struct File {
    Signature signature;  // default: read it again
    std::map<ObjectRef, ManifestObject> objects;
    std::vector<ManifestError> errors;
    int ignored = 0;
  };
  enum class Missing { kRemove, kKeep };

  ManifestSource(std::string directory, DirectoryWatch watch)
      : directory_(std::move(directory)), watch_(std::move(watch)) {}

  static Signature SignatureOf(const struct stat& status);
  absl::Status LookAtAll(bool read_all, Missing missing, ObjectStore& store);
  void LookAtFile(const std::string& name, bool read, Missing missing, ObjectStore& store);
  void ReadFile(const std::string& name, ObjectStore& store);
  void RefuseFile(const std::string& name, const std::string& reason);
  void Take(const std::string& name, ManifestContents contents, ObjectStore& store);
  void RemoveFile(const std::string& name, ObjectStore& store);
  void UpdateStore(const ObjectRef& ref, ObjectStore& store);
  bool CollectErrors();

  const std::string directory_;
  DirectoryWatch watch_;
  std::map<std::string, File> files_;
  std::map<ObjectRef, std::set<std::string>> owners_;  // the files that have the object
  std::set<ObjectRef> contested_;                      // those with more than one
  bool gone_ = false;
  std::vector<ManifestError> errors_;
};

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_MANIFEST_SOURCE_H_
