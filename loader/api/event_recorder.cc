// SPDX-License-Identifier: Apache-2.0
#include "loader/api/event_recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "loader/api/rights.h"

namespace fairlead::api {
namespace {

using nlohmann::json;

constexpr char kController[] = "fairlead.dev/fairleadd";
constexpr size_t kMostNoteBytes = 1024;  // the API server takes no longer ones

const char* ApiVersionOf(kube::Kind kind) {
  switch (kind) {
    case kube::Kind::kEndpointSlice:
      return "discovery.k8s.io/v1";
    case kube::Kind::kNetworkPolicy:
    case kube::Kind::kServiceCidr:
      return "networking.k8s.io/v1";
    default:
      return "v1";
  }
}

// Not in the middle of a character of UTF-8.
std::string Shortened(std::string text) {
  if (text.size() <= kMostNoteBytes) return text;
  size_t end = kMostNoteBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text;
}

// Events of what has no namespace are in "default".
std::string NamespaceOf(const Event& event) {
  return event.about.name.name_space.empty() ? "default" : event.about.name.name_space;
}

json Body(const Event& event, const std::string& node_name, uint64_t number) {
  const absl::Time now = absl::Now();
  json regarding = {{"kind", kube::KindName(event.about.kind)},
                    {"apiVersion", ApiVersionOf(event.about.kind)},
                    {"name", event.about.name.name}};
  if (!event.about.name.name_space.empty()) regarding["namespace"] = event.about.name.name_space;
  if (!event.uid.empty()) regarding["uid"] = event.uid;
  return {{"apiVersion", "events.k8s.io/v1"},
          {"kind", "Event"},
          {"metadata",
           {{"name", fmt::format("{}.{:x}{:04x}", event.about.name.name, absl::ToUnixNanos(now),
                                 number & 0xffff)},
            {"namespace", NamespaceOf(event)}}},
          {"eventTime", absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", now, absl::UTCTimeZone())},
          {"reportingController", kController},
          {"reportingInstance", ("fairlead-" + node_name).substr(0, 128)},
          {"type", event.warning ? "Warning" : "Normal"},
          {"reason", event.reason},
          {"action", event.action},
          {"note", Shortened(event.note)},
          {"regarding", std::move(regarding)}};
}

}  // namespace

void EventRecorder::Record(const Event& event) {
  if (refused_ || waiting_.size() >= kMostWaiting || !IsNew(event) || !TakeAllowance()) return;
  waiting_.push_back(
      {.verb = Verb::kPost,
       .target = fmt::format("/apis/events.k8s.io/v1/namespaces/{}/events", NamespaceOf(event)),
       .content_type = "application/json",
       .body =
           Body(event, node_name_, ++sent_).dump(-1, ' ', false, json::error_handler_t::replace)});
  if (request_ == nullptr) SendNext();
}

bool EventRecorder::IsNew(const Event& event) {
  const Clock::Time now = clock_.Now();
  if (said_.size() >= kMostRemembered) {
    std::erase_if(said_, [&](const auto& said) { return now - said.second >= kNotAgainFor; });
    if (said_.size() >= kMostRemembered) return false;
  }
  const auto [said, added] = said_.try_emplace(
      fmt::format("{}\n{}\n{}", event.about.ToString(), event.reason, event.note), now);
  if (!added && now - said->second < kNotAgainFor) return false;
  said->second = now;
  return true;
}

bool EventRecorder::TakeAllowance() {
  const Clock::Time now = clock_.Now();
  const std::chrono::duration<double> since = now - allowed_at_;
  allowance_ = std::min<double>(kMostInARow, allowance_ + since / kPerFurther);
  allowed_at_ = now;
  if (allowance_ < 1) return false;
  allowance_ -= 1;
  return true;
}

void EventRecorder::SendNext() {
  request_.reset();
  if (waiting_.empty()) return;
  request_ = std::make_unique<PatientRequest>(transport_, clock_, ++seed_, waiting_.front(),
                                              [this](int code, const std::string& body) {
                                                waiting_.pop_front();
                                                // Other refusals are of this event alone: its
                                                // namespace is going away.
                                                if (code == 403) {
                                                  refused_ = true;
                                                  LogMissing(kWritesEvents, code, body);
                                                  waiting_.clear();
                                                }
                                                SendNext();
                                              });
}

}  // namespace fairlead::api
