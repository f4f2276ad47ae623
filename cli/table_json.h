// SPDX-License-Identifier: Apache-2.0
//
// Every key and value of the tables as JSON, field by field under the names of
// the ABI headers; addresses, ports and MACs as people write them. Written once
// for both families.
#ifndef FAIRLEAD_CLI_TABLE_JSON_H_
#define FAIRLEAD_CLI_TABLE_JSON_H_

#include "cli/print_table.h"
#include "maps/abi/abi_of.h"

namespace fairlead::cli {

template <typename Abi>
struct TableJson {
  static Json Key(const typename Abi::ServiceKey& key);
  static Json Key(const typename Abi::SocketPeerKey& key);
  static Json Key(const typename Abi::Tuple& tuple);
  static Json Key(const typename Abi::FragmentKey& key);
  static Json Key(const typename Abi::PodAddress& key);
  static Json Key(const typename Abi::Group& key);
  static Json Key(const typename Abi::PrefixKey& key);
  static Json Key(const typename Abi::SourceRangeKey& key);
  static Json Key(const typename Abi::AffinityKey& key);
  static Json Value(const typename Abi::Backend& backend);
  static Json Value(const typename Abi::Flow& flow);
  static Json Value(const typename Abi::HalfOpenBucket& bucket);
  static Json Value(const typename Abi::NodeState& state);
};

Json ValueJson(const service& value);
Json ValueJson(const affinity& value);
Json ValueJson(const socket_peer4& value);
Json ValueJson(const socket_peer6& value);
Json ValueJson(const socket_flow& value);
Json ValueJson(const flow_ref& value);
Json ValueJson(const fragment& value);
Json ValueJson(const room& value);
Json ValueJson(const pod& value);
Json ValueJson(const pod_slot& value);
Json ValueJson(const node& value);
Json ValueJson(const tunnel_peer& value);
Json ValueJson(const uplink& value);
Json ValueJson(const prefix& value);
Json ValueJson(const group_listeners& value);  // slots
Json ValueJson(const counter& value);
Json ValueJson(const verdict_record& value);

}  // namespace fairlead::cli

#endif  // FAIRLEAD_CLI_TABLE_JSON_H_
