// SPDX-License-Identifier: Apache-2.0
//
// Changes of a cluster, drawn by lot: Services, slices, nodes and the rest come,
// change and go in a world so small that they get into each other's way.
#ifndef FAIRLEAD_TESTS_STATE_RANDOM_CLUSTER_H_
#define FAIRLEAD_TESTS_STATE_RANDOM_CLUSTER_H_

#include <random>
#include <string>

#include "tests/apiserver/store.h"

namespace fairlead::testing {

class RandomCluster {
 public:
  explicit RandomCluster(uint64_t seed) : random_(seed) {}

  // What is there before the first change.
  void Begin(apiserver::Store& store);
  // One change. Says what it was.
  std::string Change(apiserver::Store& store);

 private:
  using Json = apiserver::Json;

  int Draw(int count) { return static_cast<int>(random_() % static_cast<uint64_t>(count)); }
  bool OneIn(int count) { return Draw(count) == 0; }
  std::string DrawName(const char* prefix, int count);

  Json Meta(const std::string& name, const std::string& space);
  Json Service(int number);
  Json EndpointSlice(int number);
  Json Node(int number);
  Json Pod(int number);
  Json Namespace(int number);
  Json NetworkPolicy(int number);
  Json ServiceCidr(int number);

  std::mt19937_64 random_;
  int clock_ = 0;  // of creation times
};

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_STATE_RANDOM_CLUSTER_H_
