// SPDX-License-Identifier: Apache-2.0
//
// What fairlead-cni and fairleadd say to each other: one request and one reply
// per connection, each one message of a SOCK_SEQPACKET unix socket, in JSON.
// ADD and CHECK carry the pod's open network namespace as a descriptor
// (SCM_RIGHTS), so the daemon never opens a path that a caller has written; GC
// carries its list, which may be long, in a sealed memfd (attachment_list.h).
#ifndef FAIRLEAD_LOADER_PODS_CNI_PROTOCOL_H_
#define FAIRLEAD_LOADER_PODS_CNI_PROTOCOL_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"
#include "loader/pods/local_pod.h"

namespace fairlead {

inline constexpr char kDefaultCniSocket[] = "/run/fairlead/cni.sock";
// Longer messages are refused by both sides.
inline constexpr size_t kLongestCniMessage = 16 * 1024;

// Error codes of the CNI specification (1.1.0, "Error"); from 100 on, ours.
enum class CniCode : uint32_t {
  kIncompatibleVersion = 1,
  kUnsupportedField = 2,
  kUnknownContainer = 3,
  kInvalidEnvironment = 4,
  kIoFailure = 5,
  kUndecodable = 6,
  kInvalidConfiguration = 7,
  kTryAgainLater = 11,
  kNotAvailable = 50,
  kLimited = 51,
  kAlreadyAttached = 100,
  kExhausted = 101,
  kFailed = 102,
  kAddressTaken = 103,
  kNotAsExpected = 104,
};

enum class CniCommand : uint8_t { kAdd, kDelete, kCheck, kGarbageCollect, kStatus };

// What CHECK expects of the pod's interface, by the result of its ADD as later
// plugins of a chain have left it.
struct ExpectedPod {
  std::vector<IpAddress> addresses;
  std::vector<Family> default_routes;  // by our gateway
  std::optional<MacAddress> mac = std::nullopt;

  friend bool operator==(const ExpectedPod&, const ExpectedPod&) = default;
};

struct CniRequest {
  CniCommand command = CniCommand::kStatus;
  PodRequest pod = {};        // kStatus: empty; kGarbageCollect: `network` only
  ExpectedPod expected = {};  // kCheck only
};

// What the result of ADD is made of.
struct CniAttachment {
  std::string host_device;
  MacAddress mac{};
  uint32_t mtu = 0;
  std::optional<IpAddress> ip4 = std::nullopt;
  std::optional<IpAddress> ip6 = std::nullopt;
};

struct CniError {
  CniCode code = CniCode::kFailed;
  std::string message;  // short
  std::string details;  // may be empty
};

struct CniReply {
  std::optional<CniError> error = std::nullopt;            // set: the request failed
  std::optional<CniAttachment> attachment = std::nullopt;  // set: ADD succeeded
};

std::string EncodeRequest(const CniRequest& request);
// InvalidArgument; names are checked as below.
absl::StatusOr<CniRequest> DecodeRequest(std::string_view text);
std::string EncodeReply(const CniReply& reply);
absl::StatusOr<CniReply> DecodeReply(std::string_view text);

// The patterns of the specification ("Parameters"), and sane lengths.
absl::Status CheckContainerId(std::string_view id);
absl::Status CheckInterfaceName(std::string_view name);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_PODS_CNI_PROTOCOL_H_
