// SPDX-License-Identifier: Apache-2.0
//
// What outlives a server, and what a server takes over from a folder.
#include "tests/apiserver/state_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/apiserver/mirror.h"

namespace fairlead::apiserver {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr size_t kWindow = 100;

class ServerFolder : public ::testing::Test {
 protected:
  ServerFolder() {
    std::string name = ::testing::TempDir() + "apiserver-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~ServerFolder() override { std::filesystem::remove_all(path_); }

  std::unique_ptr<StateFile> Open(Store& store) {
    auto file = StateFile::Open(path_ + "/state.jsonl", store);
    EXPECT_TRUE(file.ok()) << file.status().ToString();
    return *std::move(file);
  }
  void Write(const std::string& file, const std::string& text, int order) {
    std::ofstream(path_ + "/" + file) << text;
    // Clocks of file systems are coarse.
    std::filesystem::last_write_time(
        path_ + "/" + file,
        std::filesystem::file_time_type::clock::now() + std::chrono::hours(order));
  }
  static std::vector<std::string> KeysIn(const Store& store, const char* plural) {
    std::vector<std::string> keys;
    for (const auto& [key, object] : store.All(ResourceOf(plural))) keys.push_back(key);
    return keys;
  }
  static Json Named(const std::string& name) {
    return {{"metadata", {{"name", name}, {"namespace", "shop"}}}};
  }

  std::string path_;
};

TEST_F(ServerFolder, GivesBackObjectsAndVersionsAfterAKill) {
  Store store(kWindow);
  const auto file = Open(store);
  store.Put(ResourceOf("services"), Named("a"));
  store.Put(ResourceOf("services"), Named("b"));
  store.Erase(ResourceOf("services"), "shop/a");
  // A killed server may have begun one line more.
  std::ofstream(path_ + "/state.jsonl", std::ios::app) << R"({"resource":"services","vers)";

  Store restored(kWindow);
  const auto again = Open(restored);
  EXPECT_THAT(KeysIn(restored, "services"), ElementsAre("shop/b"));
  EXPECT_EQ(restored.Find(ResourceOf("services"), "shop/b")->text,
            store.Find(ResourceOf("services"), "shop/b")->text);
  EXPECT_EQ(restored.version(), store.version());
  EXPECT_EQ(restored.oldest(ResourceOf("services")), store.version());

  restored.Put(ResourceOf("services"), Named("c"));
  Store third(kWindow);
  const auto last = Open(third);
  EXPECT_THAT(KeysIn(third, "services"), ElementsAre("shop/b", "shop/c"));
}

TEST_F(ServerFolder, IsMirrored) {
  Store store(kWindow);
  Mirror mirror(path_, store);
  const std::string web = "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: X}}";
  Write("web.yaml", web, 1);
  Write("other.yaml", "{apiVersion: v1, kind: Secret, metadata: {name: x}}", 1);
  store.Put(ResourceOf("services"), Named("made-by-hand"));
  mirror.Look();
  EXPECT_THAT(KeysIn(store, "services"), ElementsAre("default/web", "shop/made-by-hand"));

  const Version before = store.version();
  Write("web.yaml", web, 2);  // the same once more
  mirror.Look();
  Mirror(path_, store).Look();
  EXPECT_EQ(store.version(), before);

  Write("web.yaml", "{", 3);
  mirror.Look();
  EXPECT_EQ(store.version(), before);

  std::filesystem::remove(path_ + "/web.yaml");
  Mirror(path_, store).Look();  // one that has begun later
  EXPECT_THAT(KeysIn(store, "services"), ElementsAre("shop/made-by-hand"));
}

}  // namespace
}  // namespace fairlead::apiserver
