// SPDX-License-Identifier: Apache-2.0
//
// See watch.h.
#include "tests/apiserver/watch.h"

#include <algorithm>

namespace fairlead::apiserver {
namespace {

using SteadyClock = std::chrono::steady_clock;

// A kube-apiserver draws between 30 and 60 minutes.
constexpr std::chrono::minutes kDefaultTimeout{30};

std::string EventText(std::string_view type, std::string_view object) {
  std::string text = "{\"type\":\"";
  text += type;
  text += "\",\"object\":";
  text += object;
  text += "}\n";
  return text;
}

// An answer of 200 whose only event is an error.
std::unique_ptr<Body> ErrorStream(const ApiStatus& status) {
  return TextBody(EventText("ERROR", CompactText(status.ToJson())));
}

// Keeps no queue: it knows the version it has told, and finds the rest in the store's window. A
// watcher that the window has overtaken is ended, as a kube-apiserver ends slow ones.
class WatchBody : public Body {
 public:
  struct Plan {
    Version from = 0;             // what comes after it is told
    bool initial_events = false;  // everything is told first
    bool end_of_initial = false;  // and then a bookmark with the annotation
    bool bookmarks = false;
    std::chrono::milliseconds timeout{0};
    std::chrono::milliseconds bookmark_interval{0};
  };

  WatchBody(const Store& store, Collection collection, const Plan& plan)
      : store_(store),
        collection_(std::move(collection)),
        plan_(plan),
        told_(plan.from),
        end_(SteadyClock::now() + plan.timeout),
        next_bookmark_(SteadyClock::now() + plan.bookmark_interval) {
    if (!plan_.initial_events) return;
    told_ = store_.version();
    initial_ = store_.AllIn(resource(), told_, "");
    std::erase_if(initial_,
                  [this](const ObjectPtr& object) { return !collection_.Contains(*object); });
  }

  State Read(std::string& out, size_t room) override {
    const size_t begin = out.size();
    while (initial_told_ < initial_.size()) {
      if (out.size() - begin >= room) return State::kMore;
      out += EventText("ADDED", WithKind(resource(), initial_[initial_told_]->text));
      initial_[initial_told_++].reset();
    }
    if (plan_.end_of_initial) {
      AppendBookmark(out, R"("resourceVersion":")" + std::to_string(told_) +
                              R"(","annotations":{"k8s.io/initial-events-end":"true"})");
      plan_.end_of_initial = false;
    }
    if (store_.oldest(resource()) > told_) return State::kEnd;
    if (TellChanges(out, begin + room)) return State::kMore;
    const auto now = SteadyClock::now();
    const bool over = now >= end_;
    // A watcher from the future (the server was restored) hears nothing until we are there.
    const bool due = over || now >= next_bookmark_;
    if (plan_.bookmarks && due && told_ <= store_.version()) {
      AppendBookmark(out, R"("resourceVersion":")" + std::to_string(told_) + '"');
      next_bookmark_ = now + plan_.bookmark_interval;
    }
    return over ? State::kEnd : State::kLater;
  }

 private:
  const Resource& resource() const { return *collection_.resource; }

  void AppendBookmark(std::string& out, const std::string& metadata) const {
    const std::string object =
        "{\"metadata\":{" + metadata + "}" + std::string(resource().empty_fields) + "}";
    out += EventText("BOOKMARK", WithKind(resource(), object));
  }

  // True if it stopped at `end` of `out` before it was through.
  bool TellChanges(std::string& out, size_t end) {
    const auto& events = store_.events(resource());
    auto event = std::ranges::upper_bound(events, told_, {}, &Event::version);
    for (; event != events.end(); ++event) {
      if (out.size() >= end) return true;
      Tell(out, *event);
      told_ = event->version;
    }
    // All kinds share one version.
    told_ = std::max(told_, store_.version());
    return false;
  }

  // An object that begins to match is new to this watcher, one that ceases to is gone.
  void Tell(std::string& out, const Event& event) const {
    const bool before = event.before && collection_.Contains(*event.before);
    const bool after = event.after && collection_.Contains(*event.after);
    if (after) {
      out += EventText(before ? "MODIFIED" : "ADDED", WithKind(resource(), event.after->text));
    } else if (before) {
      out +=
          EventText("DELETED", WithKind(resource(), TextInVersion(*event.before, event.version)));
    }
  }

  const Store& store_;
  Collection collection_;
  Plan plan_;
  std::vector<ObjectPtr> initial_;
  size_t initial_told_ = 0;
  Version told_;
  SteadyClock::time_point end_;
  SteadyClock::time_point next_bookmark_;
};

// Nothing if the options go together.
std::optional<ApiStatus> RefuseOptions(const Target& target, const WatchOptions& options) {
  const std::string forbidden = "FieldValueForbidden";
  const std::string match = target.Option("resourceVersionMatch");
  if (!target.Has("sendInitialEvents")) {
    if (match.empty()) return std::nullopt;
    return InvalidOption("resourceVersionMatch", forbidden,
                         "Forbidden: resourceVersionMatch is forbidden for watch unless "
                         "sendInitialEvents is provided");
  }
  if (options.watch_list == WatchListSupport::kNoFeature) {
    return InvalidOption("sendInitialEvents", forbidden,
                         "Forbidden: sendInitialEvents is forbidden for watch unless the WatchList "
                         "feature gate is enabled");
  }
  if (match != "NotOlderThan") {
    return InvalidOption("resourceVersionMatch", forbidden,
                         "Forbidden: sendInitialEvents requires setting resourceVersionMatch to "
                         "NotOlderThan");
  }
  if (target.Option("sendInitialEvents") == "true" &&
      target.Option("allowWatchBookmarks") != "true") {
    return InvalidOption("allowWatchBookmarks", "FieldValueInvalid",
                         "Invalid value: false: sendInitialEvents requires allowWatchBookmarks");
  }
  return std::nullopt;
}

}  // namespace

BodyOrStatus MakeWatch(const Store& store, const Collection& collection, const Target& target,
                       const WatchOptions& options) {
  if (auto refused = RefuseOptions(target, options)) return *std::move(refused);
  const std::string version_text = target.Option("resourceVersion");
  const std::optional<Version> version = ParseVersion(version_text);
  if (!version_text.empty() && !version) {
    return BadRequest("resourceVersion: Invalid value: " + Quoted(version_text));
  }
  const std::optional<Version> seconds = ParseVersion(target.Option("timeoutSeconds"));
  const bool streams_list = target.Option("sendInitialEvents") == "true";
  WatchBody::Plan plan{
      .from = version.value_or(0),
      .bookmarks = target.Option("allowWatchBookmarks") == "true",
      .timeout = seconds.value_or(0) != 0 ? std::chrono::seconds(*seconds) : kDefaultTimeout,
      .bookmark_interval = options.bookmark_interval};
  if (streams_list) {
    if (options.watch_list == WatchListSupport::kNoStorage) return ErrorStream(WatchListDisabled());
    if (plan.from > store.version()) return TooLargeVersion(plan.from, store.version());
    plan.initial_events = plan.end_of_initial = true;
  } else if (plan.from == 0) {
    plan.initial_events = true;  // "at any version": what is there comes as ADDED
  } else if (plan.from < store.oldest(*collection.resource)) {
    return ErrorStream(TooOldVersion(plan.from, store.oldest(*collection.resource)));
  }
  return std::make_unique<WatchBody>(store, collection, plan);
}

}  // namespace fairlead::apiserver
