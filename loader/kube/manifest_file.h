// SPDX-License-Identifier: Apache-2.0
//
// One manifest file's text → its objects and everything that is wrong with it,
// so precisely that the source can decide which older objects must survive.
#ifndef FAIRLEAD_LOADER_KUBE_MANIFEST_FILE_H_
#define FAIRLEAD_LOADER_KUBE_MANIFEST_FILE_H_

#include <map>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "loader/kube/any_object.h"

namespace fairlead::kube {

// What is wrong, and where. Document and line count from 1; 0: it concerns the whole file (or, for
// an empty `file`, the directory). Kind, namespace and name as far as they could be read.
struct ManifestError {
  std::string file;
  int document = 0;
  int line = 0;
  std::string kind;
  std::string name_space;
  std::string name;
  std::string reason;

  // "shop.yaml: document 2, line 14: Service shop/web: spec.ports[0].port: must be …"
  std::string ToString() const;
  friend bool operator==(const ManifestError&, const ManifestError&) = default;
};
std::ostream& operator<<(std::ostream& os, const ManifestError& error);

struct ManifestObject {
  AnyObject object;
  int document = 0;
  int line = 0;  // where its document begins
};

struct ManifestContents {
  // The text is not YAML (JSON): nothing is known about what it was meant to say.
  bool unreadable = false;
  // Some object has no readable kind or name, so it may be any of those the file held before.
  bool anonymous = false;
  std::map<ObjectRef, ManifestObject> objects;
  std::set<ObjectRef> broken;  // present but not parsable
  std::vector<ManifestError> errors;
  int ignored = 0;  // objects of kinds that fairlead does not read
};

// `file` is the base name: its suffix (.json or else YAML) says how to read the text.
ManifestContents ReadManifest(const std::string& file, const std::string& text);

// *.yaml, *.yml, *.json, and not hidden (editors' locks and swap files are).
bool IsManifestName(const std::string& file);

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_MANIFEST_FILE_H_
