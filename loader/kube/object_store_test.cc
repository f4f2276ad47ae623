// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/object_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

AnyObject ServiceNamed(const std::string& name, const std::string& created = "") {
  Service service;
  service.meta.name = {"shop", name};
  service.meta.creation_timestamp = created;
  return std::make_shared<const Service>(service);
}

AnyObject SliceOf(const std::string& service, const std::string& name) {
  EndpointSlice slice;
  slice.meta.name = {"shop", name};
  if (!service.empty()) slice.meta.labels.Set(kServiceNameLabel, service);
  return std::make_shared<const EndpointSlice>(slice);
}

ObjectRef Ref(Kind kind, const std::string& name) { return {kind, {"shop", name}}; }

TEST(ObjectStore, AnEqualObjectIsNoChangeButItsSourceIsNoted) {
  ObjectStore store;
  EXPECT_TRUE(store.Put(ServiceNamed("web"), "a.yaml"));
  const uint64_t revision = store.revision();
  EXPECT_FALSE(store.Put(ServiceNamed("web"), "b.yaml"));
  EXPECT_EQ(store.revision(), revision);
  EXPECT_EQ(store.SourceOf(Ref(Kind::kService, "web")), "b.yaml");
}

TEST(ObjectStore, NamesWhatWasAddedChangedAndRemovedOnce) {
  ObjectStore store;
  store.Put(ServiceNamed("a"), "");
  store.Put(ServiceNamed("b"), "");
  EXPECT_THAT(store.TakeChanges().services,
              ElementsAre(ObjectName{"shop", "a"}, ObjectName{"shop", "b"}));
  EXPECT_TRUE(store.TakeChanges().empty());
  store.Put(ServiceNamed("a", "new"), "");
  EXPECT_TRUE(store.Erase(Ref(Kind::kService, "b")));
  EXPECT_FALSE(store.Erase(Ref(Kind::kService, "b")));
  EXPECT_THAT(store.TakeChanges().services,
              ElementsAre(ObjectName{"shop", "a"}, ObjectName{"shop", "b"}));
  EXPECT_EQ(store.services().size(), 1u);
}

TEST(ObjectStore, ASliceThatMovesAffectsBothServices) {
  ObjectStore store;
  store.Put(SliceOf("web", "s1"), "");
  store.TakeChanges();
  store.Put(SliceOf("api", "s1"), "");
  const ObjectChanges changes = store.TakeChanges();
  EXPECT_THAT(changes.affected_services,
              ElementsAre(ObjectName{"shop", "api"}, ObjectName{"shop", "web"}));
  EXPECT_THAT(changes.services, IsEmpty());
  EXPECT_THAT(store.SlicesOf({"shop", "web"}), IsEmpty());
  ASSERT_EQ(store.SlicesOf({"shop", "api"}).size(), 1u);
}

TEST(ObjectStore, SlicesAreFoundUntilTheyAreErased) {
  ObjectStore store;
  store.Put(SliceOf("web", "s2"), "");
  store.Put(SliceOf("web", "s1"), "");
  store.Put(SliceOf("", "orphan"), "");
  ASSERT_EQ(store.SlicesOf({"shop", "web"}).size(), 2u);
  EXPECT_EQ(store.SlicesOf({"shop", "web"})[0]->meta.name.name, "s1");
  store.Erase(Ref(Kind::kEndpointSlice, "s1"));
  store.Erase(Ref(Kind::kEndpointSlice, "orphan"));
  ASSERT_EQ(store.SlicesOf({"shop", "web"}).size(), 1u);
  EXPECT_THAT(store.TakeChanges().affected_services, ElementsAre(ObjectName{"shop", "web"}));
}

}  // namespace
}  // namespace fairlead::kube
