// SPDX-License-Identifier: Apache-2.0
//
// Manifests as people write them become the objects they mean.
#include "lab/objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::lab {
namespace {

TEST(ParseObjects, TakesSeveralDocumentsOfOneText) {
  const auto objects = ParseObjects("kind: Pod\nmetadata: {name: a}\n---\n---\nkind: Service\n");
  ASSERT_TRUE(objects.ok()) << objects.status();
  ASSERT_EQ(objects->size(), 2u);
  EXPECT_EQ(NameOf(objects->at(0)), "a");
  EXPECT_EQ(KindOf(objects->at(1)), "Service");
}

TEST(ParseObjects, TakesListsApart) {
  const auto objects = ParseObjects(
      R"({"kind": "List", "items": [{"kind": "Pod"}, {"kind": "PodList", "items": [{"kind": "Pod"}]}]})");
  ASSERT_TRUE(objects.ok()) << objects.status();
  EXPECT_EQ(objects->size(), 2u);
}

TEST(ParseObjects, TellsNumbersFromTextsThatLookLikeThem) {
  const auto objects = ParseObjects(
      "kind: Pod\na: 80\nb: \"80\"\nc: 0755\nd: true\ne: \"true\"\nf: 10.96.0.1\ng:\n");
  ASSERT_TRUE(objects.ok()) << objects.status();
  const Object& pod = objects->at(0);
  EXPECT_EQ(pod["a"], Object(80));
  EXPECT_EQ(pod["b"], Object("80"));
  EXPECT_EQ(pod["c"], Object("0755"));
  EXPECT_EQ(pod["d"], Object(true));
  EXPECT_EQ(pod["e"], Object("true"));
  EXPECT_EQ(pod["f"], Object("10.96.0.1"));
  EXPECT_TRUE(pod["g"].is_null());
}

TEST(ParseObjects, SaysWhereATextIsBroken) {
  const auto objects = ParseObjects("kind: Pod\nmetadata: {name: [\n");
  EXPECT_EQ(objects.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(objects.status().message()), ::testing::HasSubstr("line"));
}

TEST(At, GivesNullForWhatIsNotThere) {
  const Object pod = {{"kind", "Pod"}, {"spec", {{"containers", Object::array()}}}};
  EXPECT_TRUE(At(pod, "/status/podIPs").is_null());
  EXPECT_TRUE(At(pod, "/spec/containers/0/name").is_null());
  EXPECT_EQ(TextAt(pod, "/spec/containers"), "");
  EXPECT_EQ(NamespaceOf(pod), "default");
}

TEST(SetPodStatus, SaysPendingUntilThereAreAddresses) {
  Object pod = MakePod("web", "node1", {{"app", "web"}}, Object::array());
  SetPodStatus(pod, {}, false);
  EXPECT_EQ(TextAt(pod, "/status/phase"), "Pending");
  SetPodStatus(pod, {"10.244.1.2", "fd00::2"}, true);
  EXPECT_EQ(TextAt(pod, "/status/podIP"), "10.244.1.2");
  EXPECT_EQ(TextAt(pod, "/status/podIPs/1/ip"), "fd00::2");
  EXPECT_EQ(TextAt(pod, "/status/conditions/0/status"), "True");
}

}  // namespace
}  // namespace fairlead::lab
