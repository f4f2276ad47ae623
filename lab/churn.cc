// SPDX-License-Identifier: Apache-2.0
//
// See churn.h.
#include "lab/churn.h"

#include <fmt/format.h>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "base/status_macros.h"
#include "lab/network_namespace.h"
#include "lab/topology.h"

namespace fairlead::lab {
namespace {

// Calls `body` for 0 … count-1 from `parallel` threads; the first error.
absl::Status InParallel(int count, int parallel, const std::function<absl::Status(int)>& body) {
  std::atomic<int> next = 0;
  std::mutex mutex;
  absl::Status status;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < parallel; ++thread) {
    threads.emplace_back([&] {
      for (int number = next++; number < count; number = next++) {
        const absl::Status one = body(number);
        const std::lock_guard lock(mutex);
        status.Update(one);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return status;
}

absl::Status CheckAddresses(const std::vector<std::vector<std::string>>& pods) {
  std::map<std::string, size_t> owner;
  for (size_t number = 0; number < pods.size(); ++number) {
    if (pods[number].empty() || pods[number].size() != pods.front().size()) {
      return absl::FailedPreconditionError(fmt::format(
          "pod {} has {} addresses, pod 0 has {}", number, pods[number].size(), pods[0].size()));
    }
    for (const std::string& address : pods[number]) {
      const auto [known, is_new] = owner.emplace(address, number);
      if (is_new) continue;
      return absl::FailedPreconditionError(
          fmt::format("pods {} and {} both have {}", known->second, number, address));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Churn> ChurnPods(const Lab& lab, const Node& node, int pods, int parallel) {
  const auto pod_name = [](int number) { return fmt::format("churn-{}", number); };
  const auto pod_namespace = [&](int number) {
    return NamespaceName(lab.folder().lab(), pod_name(number));
  };
  std::vector<std::vector<std::string>> addresses(static_cast<size_t>(pods));
  const Clock::time_point begin = Clock::now();
  absl::Status status = InParallel(pods, parallel, [&](int number) -> absl::Status {
    if (Interrupted()) return absl::CancelledError("interrupted");
    FL_RETURN_IF_ERROR(CreateNamespace(pod_namespace(number)));
    FL_ASSIGN_OR_RETURN(const std::string text,
                        node.CallCni("ADD", "default", pod_name(number), pod_namespace(number)));
    const Object result = Object::parse(text, nullptr, false);
    for (const Object& ip : At(result, "/ips")) {
      addresses[static_cast<size_t>(number)].push_back(TextAt(ip, "/address"));
    }
    return absl::OkStatus();
  });
  const Clock::time_point middle = Clock::now();
  if (status.ok()) status = CheckAddresses(addresses);
  // DEL also where ADD failed: that is what a runtime does.
  status.Update(InParallel(pods, parallel, [&](int number) {
    absl::Status one =
        node.CallCni("DEL", "default", pod_name(number), pod_namespace(number)).status();
    one.Update(DeleteNamespace(pod_namespace(number)));
    return one;
  }));
  FL_RETURN_IF_ERROR(status);
  return Churn{.pods = pods, .adding = middle - begin, .deleting = Clock::now() - middle};
}

}  // namespace fairlead::lab
