// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/service_port.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace fairlead::apply {
namespace {

struct Likeness {
  uint32_t shared = 0;  // frontends
  const plan::ServicePortName* name = nullptr;
  uint32_t id = 0;
};

}  // namespace

void Recognise(const std::map<plan::ServicePortName, plan::PlannedService>& services,
               const std::map<plan::Frontend, service>& entries,
               std::map<uint32_t, ServicePort>& adopted,
               std::map<plan::ServicePortName, ServicePort>& installed) {
  if (adopted.empty()) return;
  std::vector<Likeness> likenesses;
  for (const auto& [name, planned] : services) {
    if (installed.contains(name)) continue;
    std::map<uint32_t, uint32_t> shared;  // by id
    for (const plan::PlannedFrontend& frontend : planned.frontends) {
      const auto entry = entries.find(frontend.address);
      if (entry != entries.end() && adopted.contains(entry->second.id)) ++shared[entry->second.id];
    }
    for (const auto& [id, count] : shared) likenesses.push_back({count, &name, id});
  }
  std::ranges::stable_sort(likenesses, std::greater(), &Likeness::shared);
  for (const Likeness& likeness : likenesses) {
    if (installed.contains(*likeness.name)) continue;
    auto port = adopted.extract(likeness.id);
    if (!port.empty()) installed.emplace(*likeness.name, std::move(port.mapped()));
  }
}

}  // namespace fairlead::apply
