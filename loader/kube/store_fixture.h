// SPDX-License-Identifier: Apache-2.0
//
// For tests: objects as a user writes them, in a store.
#ifndef FAIRLEAD_LOADER_KUBE_STORE_FIXTURE_H_
#define FAIRLEAD_LOADER_KUBE_STORE_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "loader/kube/manifest_file.h"
#include "loader/kube/object_store.h"

namespace fairlead::kube {

// Adds or replaces every object of the text, which has no errors.
inline void PutAll(const std::string& yaml, ObjectStore& store) {
  const ManifestContents contents = ReadManifest("test.yaml", yaml);
  EXPECT_THAT(contents.errors, ::testing::IsEmpty()) << yaml;
  for (const auto& [ref, object] : contents.objects) store.Put(object.object, "");
}

inline ObjectStore StoreOf(const std::string& yaml) {
  ObjectStore store;
  PutAll(yaml, store);
  return store;
}

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_STORE_FIXTURE_H_
