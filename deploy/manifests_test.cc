// SPDX-License-Identifier: Apache-2.0
//
// The manifests against the program that they run, without a cluster or kubectl.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/durable_file.h"
#include "loader/api/resource.h"
#include "loader/api/rights.h"
#include "loader/daemon/options.h"
#include "loader/kube/yaml_documents.h"

namespace fairlead {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

const fs::path kSources = FAIRLEAD_SOURCES;
const fs::path kDeploy = kSources / "deploy";

std::string TextOf(const fs::path& path) {
  const auto text = ReadWholeFile(path.string());
  EXPECT_TRUE(text.ok()) << text.status();
  return text.value_or("");
}

std::vector<json> DocumentsOf(const fs::path& path) {
  std::vector<json> documents;
  const auto error = kube::ReadYamlDocuments(TextOf(path), [&](kube::Document&& document) {
    if (!document.value.is_null()) documents.push_back(std::move(document.value));
  });
  EXPECT_FALSE(error) << path << ":" << error->line << ": " << error->reason;
  return documents;
}

json DaemonSetOf(const fs::path& directory) {
  return DocumentsOf(directory / "daemon-set.yaml").at(0)["spec"]["template"]["spec"];
}

json ContainerOf(const fs::path& directory) { return DaemonSetOf(directory)["containers"][0]; }

std::set<std::string> CapabilitiesIn(const fs::path& directory) {
  std::set<std::string> names;
  const json added = ContainerOf(directory)["securityContext"]["capabilities"]["add"];
  for (const json& name : added) {
    names.insert(name.get<std::string>());
  }
  return names;
}

struct Overlay {
  const char* name;
  Mode mode;

  fs::path directory() const { return kDeploy / "overlays" / name; }
  // The directories whose files it consists of.
  std::vector<fs::path> directories() const { return {kDeploy / "base", directory()}; }
};

std::ostream& operator<<(std::ostream& os, const Overlay& overlay) { return os << overlay.name; }

class EachOverlay : public ::testing::TestWithParam<Overlay> {
 protected:
  // Elements of a list of the container or of the pod, of the base and of the overlay's patch.
  static std::vector<json> All(const std::function<json(const fs::path&)>& list_of) {
    std::vector<json> all;
    for (const fs::path& directory : GetParam().directories()) {
      if (!fs::exists(directory / "daemon-set.yaml")) continue;
      for (const json& item : list_of(directory)) all.push_back(item);
    }
    return all;
  }
  static std::vector<json> Mounts() {
    return All([](const fs::path& directory) { return ContainerOf(directory)["volumeMounts"]; });
  }
  static std::vector<json> Volumes() {
    return All([](const fs::path& directory) { return DaemonSetOf(directory)["volumes"]; });
  }
};

using Rights = std::map<std::string, std::set<std::string>>;  // "group/resource" → verbs

TEST_P(EachOverlay, ConsistsOfFilesThatAreThere) {
  for (const fs::path& directory : GetParam().directories()) {
    const json kustomization = DocumentsOf(directory / "kustomization.yaml").at(0);
    EXPECT_EQ(kustomization["kind"], "Kustomization");
    for (const json& resource : kustomization.value("resources", json::array())) {
      const fs::path path = directory / resource.get<std::string>();
      ASSERT_TRUE(fs::exists(path)) << path;
      if (fs::is_directory(path)) continue;
      for (const json& object : DocumentsOf(path)) {
        EXPECT_TRUE(object.contains("kind") && object.contains("apiVersion")) << path;
      }
    }
    for (const json& patch : kustomization.value("patches", json::array())) {
      EXPECT_TRUE(fs::exists(directory / patch["path"].get<std::string>()));
    }
  }
}

TEST_P(EachOverlay, AllowsWhatTheProgramAsksForAndNothingElse) {
  Rights allowed;
  for (const fs::path& directory : GetParam().directories()) {
    if (!fs::exists(directory / "cluster-role.yaml")) continue;
    for (const json& object : DocumentsOf(directory / "cluster-role.yaml")) {
      if (object["kind"] != "ClusterRole") continue;
      for (const json& rule : object["rules"]) {
        for (const json& resource : rule["resources"]) {
          auto& verbs = allowed[fmt::format("{}/{}", rule["apiGroups"][0].get<std::string>(),
                                            resource.get<std::string>())];
          for (const json& verb : rule["verbs"]) verbs.insert(verb.get<std::string>());
        }
      }
    }
  }
  Rights asked;
  const bool full = GetParam().mode == Mode::kFull;
  for (const api::Resource& resource :
       api::ResourcesFor({.node_name = "n", .all_nodes = full, .policies = full})) {
    asked[fmt::format("{}/{}", resource.group, resource.name)] = {"list", "watch"};
  }
  for (const api::Right& right : {api::kWritesNodeStatus, api::kWritesEvents}) {
    asked[fmt::format("{}/{}", right.group, right.resource)].insert(std::string(right.verb));
  }
  EXPECT_EQ(allowed, asked);
}

TEST_P(EachOverlay, MountsEachVolumeOnceAndNoOther) {
  std::multiset<std::string> mounted, given;
  for (const json& mount : Mounts()) mounted.insert(mount["name"].get<std::string>());
  for (const json& volume : Volumes()) given.insert(volume["name"].get<std::string>());
  EXPECT_EQ(mounted, given);
  EXPECT_EQ(std::set<std::string>(given.begin(), given.end()).size(), given.size());
}

TEST_P(EachOverlay, MountsThePlacesThatItsFlagsAndItsConfigurationName) {
  std::set<std::string> places;
  for (const json& mount : Mounts()) places.insert(mount["mountPath"].get<std::string>());
  const auto check = [&places](const std::string& path) {
    fs::path place = path;
    while (!places.contains(place.string()) && place.has_relative_path())
      place = place.parent_path();
    EXPECT_TRUE(place.has_relative_path()) << path << " is not mounted";
  };
  const json arguments = ContainerOf(kDeploy / "base")["args"];
  for (const json& argument : arguments) {
    const std::string text = argument.get<std::string>();
    const size_t path = text.find("=/");
    if (path != std::string::npos) check(text.substr(path + 1));
  }
  for (const json& object : DocumentsOf(GetParam().directory() / "config.yaml")) {
    for (const auto& [key, value] : object.items()) {
      if (value.is_string() && value.get<std::string>().starts_with('/')) check(value);
    }
  }
  const Options defaults;
  for (const std::string& path : {defaults.state_dir, defaults.run_dir, defaults.bpffs})
    check(path);
}

TEST_P(EachOverlay, IsExplainedToItsLastMountCapabilityAndRight) {
  const std::string page = TextOf(kSources / "docs" / "operating.md");
  const size_t begin = page.find("\n## Install\n");
  ASSERT_NE(begin, std::string::npos);
  const std::string section = page.substr(begin, page.find("\n## ", begin + 1) - begin);
  for (const json& mount : Mounts()) {
    EXPECT_THAT(section, HasSubstr(fmt::format("`{}`", mount["mountPath"].get<std::string>())));
  }
  for (const std::string& capability : CapabilitiesIn(kDeploy / "base")) {
    EXPECT_THAT(section, HasSubstr(fmt::format("`{}`", capability)));
  }
}

// A patch replaces a list whole.
TEST(FullOverlay, KeepsTheCapabilitiesOfTheBase) {
  std::set<std::string> wanted = CapabilitiesIn(kDeploy / "base");
  wanted.insert("DAC_OVERRIDE");
  EXPECT_EQ(CapabilitiesIn(kDeploy / "overlays" / "full"), wanted);
}

INSTANTIATE_TEST_SUITE_P(Deploy, EachOverlay,
                         ::testing::Values(Overlay{"full", Mode::kFull},
                                           Overlay{"kube-proxy-replacement", Mode::kProxy}),
                         [](const auto& each) {
                           return each.param.mode == Mode::kFull ? "Full" : "KubeProxyReplacement";
                         });

TEST(TheDaemonSet, UsesFlagsThatThereAre) {
  std::string help;
  FILE* program = popen(FAIRLEADD_BINARY " --help", "r");
  ASSERT_NE(program, nullptr);
  char bytes[4096];
  for (size_t got = 0; (got = fread(bytes, 1, sizeof(bytes), program)) > 0;)
    help.append(bytes, got);
  EXPECT_EQ(pclose(program), 0);
  const json arguments = ContainerOf(kDeploy / "base")["args"];
  for (const json& argument : arguments) {
    const std::string text = argument.get<std::string>();
    EXPECT_THAT(help, ::testing::ContainsRegex("[ ,]" + text.substr(0, text.find('=')) + "[ ,]"));
  }
}

TEST(TheDaemonSet, IsOfThisVersionAndProbedWhereItAnswers) {
  const json container = ContainerOf(kDeploy / "base");
  EXPECT_EQ(container["image"], "fairlead:" FAIRLEAD_VERSION);
  for (const char* probe : {"startupProbe", "livenessProbe", "readinessProbe"}) {
    EXPECT_EQ(container[probe]["httpGet"]["port"], kHealthzPort) << probe;
  }
}

}  // namespace
}  // namespace fairlead
