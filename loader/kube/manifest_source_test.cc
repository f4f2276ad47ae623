// SPDX-License-Identifier: Apache-2.0
//
// A directory under change: what a user does to files, and what the store then
// holds. A test waits for its change by answering fd(), never by sleeping; that
// nothing happened is shown by a later change that did.
#include "loader/kube/manifest_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "base/unique_fd.h"

namespace fairlead::kube {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

namespace fs = std::filesystem;

// A Service whose creation time tells one version of it from another.
std::string ServiceYaml(const std::string& name, const std::string& version = "1") {
  return fmt::format(
      "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {}, creationTimestamp: v{}}}\n", name,
      version);
}

std::string BrokenServiceYaml(const std::string& name) {
  return fmt::format(
      "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {}}}\nspec: {{type: Odd}}\n", name);
}

class ManifestDirectory : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "fairlead-manifests-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    scratch_ = pattern;
    directory_ = scratch_ / "manifests";
    fs::create_directory(directory_);
  }
  void TearDown() override { fs::remove_all(scratch_); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream file(directory_ / name, std::ios::trunc);
    file << text;
    file.close();
    ASSERT_TRUE(file.good()) << name;
  }

  // As editors and configuration tools do: a complete file takes the other's place.
  void RenameOver(const std::string& name, const std::string& text) {
    Write(name + ".new", text);
    fs::rename(directory_ / (name + ".new"), directory_ / name);
  }

  void Start() {
    auto source = ManifestSource::Open(directory_.string());
    ASSERT_TRUE(source.ok()) << source.status();
    source_ = *std::move(source);
    const absl::Status loaded = source_->LoadAll(store_);
    ASSERT_TRUE(loaded.ok()) << loaded;
  }

  // Answers fd() until `done`; the limit only ends a test that has failed.
  void Until(const std::function<bool()>& done) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
      ASSERT_LT(std::chrono::steady_clock::now(), limit) << "the change never arrived";
      pollfd ready = {source_->fd(), POLLIN, 0};
      if (poll(&ready, 1, 1000) != 1) continue;
      const ManifestSource::Changes changes = source_->ReadChanges(store_);
      objects_changed_ = objects_changed_ || changes.objects;
      errors_changed_ = errors_changed_ || changes.errors;
    }
  }
  void UntilServices(const std::vector<std::string>& expected) {
    Until([&] { return Services() == expected; });
  }
  void UntilErrors(size_t count) {
    Until([&] { return source_->errors().size() == count; });
  }
  // Everything done to the directory before has been seen afterwards.
  void UntilSeen() {
    const std::string marker = fmt::format("zz-marker-{}", ++markers_);
    Write(marker + ".yaml",
          fmt::format("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {}}}\n", marker));
    Until([&] { return store_.namespaces().contains(ObjectName{"", marker}); });
  }

  // "name:creation time" of every Service.
  std::vector<std::string> Services() const {
    std::vector<std::string> names;
    for (const auto& [name, service] : store_.services()) {
      names.push_back(fmt::format("{}:{}", name.name, service->meta.creation_timestamp.view()));
    }
    return names;
  }
  std::vector<std::string> Errors() const {
    std::vector<std::string> texts;
    for (const ManifestError& error : source_->errors()) texts.push_back(error.ToString());
    return texts;
  }

  fs::path scratch_;
  fs::path directory_;
  ObjectStore store_;
  std::unique_ptr<ManifestSource> source_;
  bool objects_changed_ = false;  // as ReadChanges said, since the test last cleared them
  bool errors_changed_ = false;
  int markers_ = 0;
};

TEST_F(ManifestDirectory, EveryManifestIsLoadedAndNothingElse) {
  Write("a.yaml", ServiceYaml("a"));
  Write("b.yml", ServiceYaml("b1") + ServiceYaml("b2"));
  Write("c.json", R"({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "c"}})");
  Write("d.txt", ServiceYaml("d"));
  Write(".e.yaml", ServiceYaml("e"));
  Write("f.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: f}\n");
  fs::create_directory(directory_ / "deeper");
  Write("deeper/g.yaml", ServiceYaml("g"));
  Start();
  EXPECT_THAT(Services(), ElementsAre("a:v1", "b1:v1", "b2:v1", "c:"));
  EXPECT_THAT(Errors(), IsEmpty());
  EXPECT_EQ(source_->ignored_objects(), 1);
  EXPECT_EQ(store_.SourceOf({Kind::kService, {"default", "b2"}}), "b.yml: document 2");
}

TEST_F(ManifestDirectory, AMissingDirectoryIsNamed) {
  const auto source = ManifestSource::Open((scratch_ / "nowhere").string());
  ASSERT_FALSE(source.ok());
  EXPECT_TRUE(absl::IsNotFound(source.status())) << source.status();
  EXPECT_THAT(std::string(source.status().message()), HasSubstr("nowhere"));
}

TEST_F(ManifestDirectory, AddedChangedAndRemovedFilesAreFollowed) {
  Start();
  Write("a.yaml", ServiceYaml("a"));
  UntilServices({"a:v1"});
  Write("a.yaml", ServiceYaml("a", "2") + ServiceYaml("b"));
  UntilServices({"a:v2", "b:v1"});
  Write("a.yaml", ServiceYaml("b"));
  UntilServices({"b:v1"});
  fs::remove(directory_ / "a.yaml");
  UntilServices({});
}

TEST_F(ManifestDirectory, AFileRenamedOverAnotherReplacesIt) {
  Write("a.yaml", ServiceYaml("a"));
  Start();
  RenameOver("a.yaml", ServiceYaml("a", "2"));
  UntilServices({"a:v2"});
  fs::rename(directory_ / "a.yaml", directory_ / "a.yaml.off");
  UntilServices({});
  fs::create_hard_link(directory_ / "a.yaml.off", directory_ / "b.yaml");
  UntilServices({"a:v2"});
}

TEST_F(ManifestDirectory, AnEmptiedFileDeletesItsObjects) {
  Write("a.yaml", ServiceYaml("a"));
  Start();
  Write("a.yaml", "# nothing any more\n");
  UntilServices({});
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(ManifestDirectory, ChangesSayWhatChanged) {
  Start();
  Write("a.yaml", "a: [");
  UntilErrors(1);
  EXPECT_TRUE(errors_changed_);
  EXPECT_FALSE(objects_changed_);
  errors_changed_ = false;
  Write("b.yaml", ServiceYaml("b"));
  UntilServices({"b:v1"});
  EXPECT_TRUE(objects_changed_);
  EXPECT_FALSE(errors_changed_);
}

TEST_F(ManifestDirectory, ABrokenFileKeepsItsObjectsUntilItIsRepaired) {
  Write("a.yaml", ServiceYaml("a") + ServiceYaml("b"));
  Start();
  Write("a.yaml", ServiceYaml("a", "2") + "---\nkind: [\n");
  UntilErrors(1);
  EXPECT_THAT(Services(), ElementsAre("a:v1", "b:v1"));
  EXPECT_EQ(source_->errors()[0].file, "a.yaml");
  EXPECT_EQ(source_->errors()[0].document, 2);
  Write("a.yaml", ServiceYaml("a", "3"));
  UntilServices({"a:v3"});
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(ManifestDirectory, ABrokenObjectKeepsItsLastVersionAndItsNeighboursAreUpdated) {
  Write("a.yaml", ServiceYaml("a") + ServiceYaml("b") + ServiceYaml("c"));
  Start();
  Write("a.yaml", ServiceYaml("a", "2") + BrokenServiceYaml("b"));
  UntilErrors(1);
  EXPECT_THAT(Services(), ElementsAre("a:v2", "b:v1"));
  EXPECT_THAT(Errors(),
              ElementsAre("a.yaml: document 2, line 9: Service default/b: spec.type: must "
                          "be one of ClusterIP, NodePort, LoadBalancer, ExternalName, is "
                          "\"Odd\""));
}

TEST_F(ManifestDirectory, AnObjectThatLostItsNameDeletesNothing) {
  Write("a.yaml", ServiceYaml("a") + ServiceYaml("b"));
  Start();
  Write("a.yaml", ServiceYaml("a", "2") + "---\napiVersion: v1\nkind: Service\nmetadata: {}\n");
  UntilErrors(1);
  EXPECT_THAT(Services(), ElementsAre("a:v2", "b:v1"));
}

TEST_F(ManifestDirectory, ABrokenFileThatIsRemovedDeletesItsObjects) {
  Write("a.yaml", ServiceYaml("a"));
  Start();
  Write("a.yaml", "a: [");
  UntilErrors(1);
  fs::remove(directory_ / "a.yaml");
  UntilServices({});
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(ManifestDirectory, AnObjectInTwoFilesIsTakenFromTheFirstThenFromTheOther) {
  Write("b.yaml", ServiceYaml("web", "of-b"));
  Start();
  Write("a.yaml", ServiceYaml("web", "of-a"));
  UntilServices({"web:vof-a"});
  EXPECT_THAT(Errors(), ElementsAre("b.yaml: document 1, line 2: Service default/web: is also in "
                                    "a.yaml, which is used"));
  fs::remove(directory_ / "a.yaml");
  UntilServices({"web:vof-b"});
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(ManifestDirectory, AnObjectThatMovesBetweenFilesStays) {
  Write("a.yaml", ServiceYaml("web"));
  Start();
  fs::rename(directory_ / "a.yaml", directory_ / "b.yaml");
  Until([&] {
    return store_.SourceOf({Kind::kService, {"default", "web"}}) == "b.yaml: document 1";
  });
  EXPECT_THAT(Services(), ElementsAre("web:v1"));
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(ManifestDirectory, AFileThatIsStillBeingWrittenIsNotRead) {
  Write("a.yaml", ServiceYaml("a") + ServiceYaml("b"));
  Start();
  UniqueFd file(open((directory_ / "a.yaml").c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  ASSERT_TRUE(file.ok());
  const std::string half = ServiceYaml("a", "2");
  ASSERT_EQ(write(file.get(), half.data(), half.size()), static_cast<ssize_t>(half.size()));
  UntilSeen();
  EXPECT_THAT(Services(), ElementsAre("a:v1", "b:v1"));
  const std::string rest = ServiceYaml("b", "2");
  ASSERT_EQ(write(file.get(), rest.data(), rest.size()), static_cast<ssize_t>(rest.size()));
  file.Reset();
  UntilServices({"a:v2", "b:v2"});
}

TEST_F(ManifestDirectory, AFileThatIsNeverClosedIsReadWhenItsWriterPauses) {
  Start();
  const UniqueFd file(open((directory_ / "a.yaml").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  const std::string text = ServiceYaml("a");
  ASSERT_EQ(write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  UntilServices({"a:v1"});
}

// A ConfigMap volume: a.yaml → ..data/a.yaml, ..data → ..1; an update renames a new ..data over.
TEST_F(ManifestDirectory, ASwappedConfigMapIsOneChange) {
  const auto make_version = [this](const std::string& version, const std::string& text) {
    fs::create_directory(directory_ / version);
    std::ofstream(directory_ / version / "a.yaml") << text;
    fs::create_directory_symlink(version, directory_ / "..data_tmp");
    fs::rename(directory_ / "..data_tmp", directory_ / "..data");
  };
  make_version("..1", ServiceYaml("a"));
  fs::create_symlink("..data/a.yaml", directory_ / "a.yaml");
  Start();
  EXPECT_THAT(Services(), ElementsAre("a:v1"));
  make_version("..2", ServiceYaml("a", "2"));
  fs::remove_all(directory_ / "..1");
  UntilServices({"a:v2"});
  make_version("..3", ServiceYaml("a", "3"));
  UntilServices({"a:v3"});
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(ManifestDirectory, ALinkIsFollowedToAFileThatChangesElsewhere) {
  std::ofstream(scratch_ / "real.yaml") << ServiceYaml("a");
  fs::create_symlink(scratch_ / "real.yaml", directory_ / "a.yaml");
  Start();
  std::ofstream(scratch_ / "real.yaml", std::ios::trunc) << ServiceYaml("a", "2");
  UntilServices({"a:v2"});
  std::ofstream(scratch_ / "new.yaml") << ServiceYaml("a", "3");
  fs::rename(scratch_ / "new.yaml", scratch_ / "real.yaml");
  UntilServices({"a:v3"});
  std::ofstream(scratch_ / "real.yaml", std::ios::trunc) << ServiceYaml("a", "4");
  UntilServices({"a:v4"});
}

TEST_F(ManifestDirectory, ALinkToNothingKeepsWhatItGaveAndIsReadWhenItLeadsSomewhere) {
  std::ofstream(scratch_ / "real.yaml") << ServiceYaml("a");
  fs::create_symlink(scratch_ / "real.yaml", directory_ / "a.yaml");
  Start();
  fs::remove(scratch_ / "real.yaml");
  UntilErrors(1);
  EXPECT_THAT(Services(), ElementsAre("a:v1"));
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("symbolic link")));
  std::ofstream(scratch_ / "real.yaml") << ServiceYaml("a", "2");
  UntilServices({"a:v2"});
}

TEST_F(ManifestDirectory, AVanishedDirectoryKeepsEverythingAndIsFollowedWhenItComesBack) {
  Write("a.yaml", ServiceYaml("a"));
  Write("b.yaml", ServiceYaml("b"));
  Start();
  fs::remove_all(directory_);
  UntilErrors(1);
  EXPECT_THAT(Services(), ElementsAre("a:v1", "b:v1"));
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("is gone")));
  fs::create_directory(directory_);
  Write("a.yaml", ServiceYaml("a", "2"));
  UntilServices({"a:v2", "b:v1"});  // b.yaml may still be on its way …
  UntilServices({"a:v2"});          // … but not for ever
  EXPECT_THAT(Errors(), IsEmpty());
  Write("c.yaml", ServiceYaml("c"));
  UntilServices({"a:v2", "c:v1"});
}

TEST_F(ManifestDirectory, AnotherDirectoryMovedInItsPlaceIsFollowed) {
  Write("a.yaml", ServiceYaml("a"));
  Start();
  fs::create_directory(scratch_ / "next");
  std::ofstream(scratch_ / "next" / "a.yaml") << ServiceYaml("a", "2");
  fs::rename(directory_, scratch_ / "last");
  fs::rename(scratch_ / "next", directory_);
  UntilServices({"a:v2"});
}

TEST_F(ManifestDirectory, WhatIsNoReadableFileIsRefused) {
  ASSERT_EQ(mkfifo((directory_ / "pipe.yaml").c_str(), 0644), 0);
  fs::create_directory(directory_ / "folder.yaml");
  Write("large.yaml", "");
  fs::resize_file(directory_ / "large.yaml", kMaxManifestBytes + 1);
  Write("ok.yaml", ServiceYaml("a"));
  Start();
  EXPECT_THAT(Services(), ElementsAre("a:v1"));
  EXPECT_THAT(Errors(), UnorderedElementsAre("pipe.yaml: is not a regular file",
                                             "folder.yaml: is not a regular file",
                                             "large.yaml: is larger than 64 MiB"));
}

TEST_F(ManifestDirectory, ManyFilesAtOnceAllArrive) {
  Start();
  std::vector<std::string> expected;
  for (int i = 100; i < 600; ++i) {
    Write(fmt::format("{}.yaml", i), ServiceYaml(fmt::format("s{}", i)));
    expected.push_back(fmt::format("s{}:v1", i));
  }
  UntilServices(expected);
}

TEST_F(ManifestDirectory, LostEventsAreMadeGoodByReadingEverything) {
  // The kernel's queue holds this many events; more are thrown away.
  std::ifstream limit("/proc/sys/fs/inotify/max_queued_events");
  int most = 0;
  ASSERT_TRUE(limit >> most);
  Write("a.yaml", ServiceYaml("a"));
  Start();
  for (int i = 0; i <= most / 2 + 1; ++i) {
    const fs::path here = directory_ / (i % 2 == 0 ? "x" : "y");
    ASSERT_EQ(close(open(here.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)), 0);
    fs::remove(here);
  }
  Write("a.yaml", ServiceYaml("a", "2"));
  Write("b.yaml", ServiceYaml("b"));
  UntilServices({"a:v2", "b:v1"});
}

}  // namespace
}  // namespace fairlead::kube
