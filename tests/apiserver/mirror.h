// SPDX-License-Identifier: Apache-2.0
//
// Keeps a server's objects like those of a folder of manifests: a lab writes the
// folder, its nodes ask the server. What other clients have made stays.
#ifndef FAIRLEAD_TESTS_APISERVER_MIRROR_H_
#define FAIRLEAD_TESTS_APISERVER_MIRROR_H_

#include <filesystem>
#include <map>
#include <string>

#include "tests/apiserver/store.h"

namespace fairlead::apiserver {

class Mirror {
 public:
  Mirror(std::string folder, Store& store) : folder_(std::move(folder)), store_(store) {}

  // Looks at the folder, and reads it if a file has come, gone or changed.
  void Look();

 private:
  using Stamps = std::map<std::string, std::filesystem::file_time_type>;
  Stamps ReadStamps() const;
  void TakeOver();

  std::string folder_;
  Store& store_;
  Stamps seen_;
};

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_MIRROR_H_
