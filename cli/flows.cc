// SPDX-License-Identifier: Apache-2.0
//
// fairlead flows — who is talking to whom. Reads mapped memory: a full table of
// 262144 flows is one pass without a system call.
#include <CLI/CLI.hpp>

#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/flow_filter.h"
#include "cli/flow_view.h"
#include "cli/pinned_node.h"
#include "cli/print_table.h"

namespace fairlead::cli {
namespace {

// More lines than anyone reads; JSON is never cut.
constexpr uint32_t kTableLimit = 1000;

const std::vector<Column>& Columns() {
  static const auto* const kColumns = new std::vector<Column>{
      {"PROTO", "protocol"},
      {"CLIENT", "client"},
      {"FRONTEND", "frontend"},
      {"BACKEND", "backend"},
      {"STATE", "state"},
      {"AGE", "age_seconds"},
      {"IDLE", "idle_seconds"},
      {"LEFT", "seconds_left"},
      {"PKTS", "packets"},
      {"REPLIES", "reply_packets"},
      {"TO", "exit"},
      {"BACK-TO", "reply_exit"},
      {"MASQUERADED-AS", "masqueraded_as"},
      {"SERVICE", "service", true},
      {"CLIENT-POD", "client_pod", true},
      {"BACKEND-POD", "backend_pod", true},
      {"FLOW", "number", true},
      {"BACKEND-NO", "backend_number", true},
      {"EPOCH", "policy_epoch", true},
  };
  return *kColumns;
}

class FlowsCommand final : public Command {
 public:
  const char* name() const override { return "flows"; }
  const char* summary() const override { return "who is talking to whom"; }

  void AddOptions(CLI::App& app) override {
    app.add_option("--pod", pod_, "only flows from or to this address")->type_name("IP");
    app.add_option("--service", service_, "only flows to this service address")
        ->type_name("IP[:PORT]");
    app.add_option("--protocol", protocol_, "only tcp, udp, sctp, icmp, icmpv6 or a number")
        ->type_name("NAME");
    app.add_flag("--half-open", half_open_, "also flows that have not been answered yet");
    limit_option_ =
        app.add_option("--limit", limit_, "print at most so many, 0: all (default 1000, JSON: all)")
            ->type_name("N");
  }

  absl::StatusOr<int> Run(const Options& options, std::ostream& out) override {
    FL_ASSIGN_OR_RETURN(filter_, FlowFilter::Make(pod_, service_, protocol_));
    if (limit_option_->count() == 0) limit_ = options.output == Output::kJson ? 0 : kTableLimit;
    FL_ASSIGN_OR_RETURN(const PinnedNode node, PinnedNode::Open(options));
    FL_ASSIGN_OR_RETURN(const FlowTime time, node.Time());
    if (options.output == Output::kJson) {
      JsonArray array(out);
      FL_RETURN_IF_ERROR(
          Scan(node, time, [&](const FlowView& flow) { array.Add(FlowRow(flow, node)); }));
      array.End();
      return kFine;
    }
    std::vector<Json> rows;
    FL_RETURN_IF_ERROR(
        Scan(node, time, [&](const FlowView& flow) { rows.push_back(FlowRow(flow, node)); }));
    PrintColumns(out, Columns(), rows, options.output);
    if (matched_ > rows.size()) {
      out << "(" << matched_ - rows.size() << " more; --limit 0 prints all)\n";
    }
    return kFine;
  }

 private:
  // Calls `show` for the first limit_ flows that the filter lets through.
  template <typename Show>
  absl::Status Scan(const PinnedNode& node, const FlowTime& time, const Show& show) {
    FL_RETURN_IF_ERROR(ScanFamily<Abi4>(node.tables().v4, time, show));
    return ScanFamily<Abi6>(node.tables().v6, time, show);
  }

  template <typename Abi, typename Show>
  absl::Status ScanFamily(const FamilyTables<Abi>& tables, const FlowTime& time, const Show& show) {
    for (uint32_t number = 0; number < tables.flows.size(); ++number) {
      if (tables.flows[number].side[SIDE_ORIGIN].last_seen == 0) continue;
      const typename Abi::Flow copy = tables.flows[number];
      Offer(DescribeFlow<Abi>(number, copy, time), show);
    }
    if (!half_open_) return absl::OkStatus();
    FL_ASSIGN_OR_RETURN(const auto half_open, tables.half_open.Map());
    for (uint32_t bucket = 0; bucket < half_open.size(); ++bucket) {
      for (const auto& way : half_open[bucket].way) {
        const auto copy = way;
        Offer(DescribeHalfOpen<Abi>(copy, time), show);
      }
    }
    return absl::OkStatus();
  }

  template <typename Show>
  void Offer(const std::optional<FlowView>& flow, const Show& show) {
    if (!flow.has_value() || !filter_.Matches(*flow)) return;
    if (limit_ == 0 || matched_ < limit_) show(*flow);
    ++matched_;
  }

  std::string pod_, service_, protocol_;
  bool half_open_ = false;
  uint32_t limit_ = 0;
  CLI::Option* limit_option_ = nullptr;
  FlowFilter filter_;
  uint64_t matched_ = 0;
};

}  // namespace

std::unique_ptr<Command> MakeFlowsCommand() { return std::make_unique<FlowsCommand>(); }

}  // namespace fairlead::cli
