// SPDX-License-Identifier: Apache-2.0
//
// What this node's Node object says of fairlead: the condition NetworkUnavailable
// is False (cloud controllers set it to True until a network is there, and taint
// the node), and an annotation has our version. One patch of the status, which
// carries annotations too, so that no right to change the Node itself is needed.
#ifndef FAIRLEAD_LOADER_API_NODE_STATUS_H_
#define FAIRLEAD_LOADER_API_NODE_STATUS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "loader/api/clock.h"
#include "loader/api/patient_request.h"
#include "loader/api/transport.h"

namespace fairlead::api {

inline constexpr char kVersionAnnotation[] = "fairlead.dev/version";

struct NodeStatus {
  std::string node_name;
  std::string version;
  bool is_network = true;  // beside another network, the condition is that one's
};

class NodeStatusWriter {
 public:
  // Both must outlive it.
  NodeStatusWriter(Transport& transport, Clock& clock) : transport_(transport), clock_(clock) {}

  // Until it is taken. A refusal is logged, and left.
  void Write(const NodeStatus& status, uint64_t seed);

 private:
  Transport& transport_;
  Clock& clock_;
  std::unique_ptr<PatientRequest> request_;
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_NODE_STATUS_H_
