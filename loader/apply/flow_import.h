// SPDX-License-Identifier: Apache-2.0
//
// FlowImport: writes flow objects for connections that began before our
// programs saw them, as begin_flow() in bpf/path/60_commit.h does for those
// that it sees. TCP windows are not known: any reset is believed until either
// side has shown its window.
//
// A flow is complete before the index leads to it. Programs may run meanwhile:
// who is in the index already wins.
#ifndef FAIRLEAD_LOADER_APPLY_FLOW_IMPORT_H_
#define FAIRLEAD_LOADER_APPLY_FLOW_IMPORT_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "loader/plan/live_flows.h"
#include "maps/tables.h"

namespace fairlead::apply {

struct ImportReport {
  uint32_t made = 0;
  uint32_t known = 0;  // there already; with their backend now, if that was not known before
};

// `now` in jiffies. A flow remembers its backend if its frontend is in `services` already; so one
// can be imported before that, and again afterwards.
absl::StatusOr<ImportReport> ImportFlows(Tables& tables, const std::vector<plan::LiveFlow>& flows,
                                         uint32_t now);

}  // namespace fairlead::apply

#endif  // FAIRLEAD_LOADER_APPLY_FLOW_IMPORT_H_
