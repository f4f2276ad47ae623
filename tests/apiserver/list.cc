// SPDX-License-Identifier: Apache-2.0
//
// See list.h.
#include "tests/apiserver/list.h"

#include <fmt/format.h>

#include <algorithm>

#include "tests/apiserver/continue_token.h"

namespace fairlead::apiserver {
namespace {

constexpr int kItemDepth = 2;

struct Page {
  Version version = 0;
  std::vector<ObjectPtr> items;
  std::string next;      // continue token, or empty
  size_t remaining = 0;  // only told if there are no selectors
};

// Writes the items one at a time: a page of everything need not fit into memory twice.
class ListBody : public Body {
 public:
  ListBody(const Collection& collection, Page page, bool pretty)
      : items_(std::move(page.items)), pretty_(pretty) {
    Json metadata = {{"resourceVersion", std::to_string(page.version)}};
    if (!page.next.empty()) metadata["continue"] = page.next;
    if (page.remaining != 0) metadata["remainingItemCount"] = page.remaining;
    head_ = CompactText({{"kind", std::string(collection.resource->kind) + "List"},
                         {"apiVersion", collection.resource->GroupVersion()},
                         {"metadata", metadata},
                         {"items", Json::array()}});
    if (pretty_) head_ = Indented(head_);
    // Without the end, which comes behind the items: "]}" or "]\n}".
    const size_t bracket = head_.rfind(']');
    tail_ = head_.substr(bracket) + (pretty_ ? "" : "\n");
    head_.resize(bracket);
  }

  State Read(std::string& out, size_t room) override {
    const size_t begin = out.size();
    if (next_ == 0) out += head_;
    for (; next_ < items_.size() && out.size() - begin < room; ++next_) AppendItem(out);
    if (next_ < items_.size()) return State::kMore;
    if (pretty_ && !items_.empty()) out += "\n  ";
    out += tail_;
    return State::kEnd;
  }

 private:
  void AppendItem(std::string& out) {
    if (next_ > 0) out += ',';
    if (pretty_) {
      out += "\n    " + Indented(items_[next_]->text, kItemDepth);
    } else {
      out += items_[next_]->text;
    }
    if (next_ > 0) items_[next_ - 1].reset();
  }

  std::vector<ObjectPtr> items_;
  bool pretty_;
  std::string head_, tail_;
  size_t next_ = 0;
};

// What the options ask for, with the defaults that Kubernetes documents.
struct Wanted {
  size_t limit = 0;                // 0: all
  std::optional<Version> exactly;  // none: what is there now
  std::string after_key;           // "": from the first
};

std::variant<Wanted, ApiStatus> ReadContinue(const Store& store, const Collection& collection,
                                             const Target& target, Wanted wanted) {
  if (const std::string version = target.Option("resourceVersion");
      !version.empty() && version != "0") {
    return BadRequest("specifying resource version is not allowed when using continue");
  }
  const auto token = DecodeContinue(target.Option("continue"));
  if (!token.ok()) {
    return BadRequest("invalid continue token: " + std::string(token.status().message()));
  }
  if (token->version &&
      (*token->version < store.oldest(*collection.resource) || *token->version > store.version())) {
    return ExpiredContinue(Encode({.version = {}, .last_key = token->last_key}));
  }
  wanted.exactly = token->version;
  wanted.after_key = token->last_key;
  return wanted;
}

std::variant<Wanted, ApiStatus> ReadOptions(const Store& store, const Collection& collection,
                                            const Target& target) {
  Wanted wanted;
  const std::string version_text = target.Option("resourceVersion");
  const std::string match = target.Option("resourceVersionMatch");
  const std::optional<Version> version = ParseVersion(version_text);
  const std::optional<Version> limit = ParseVersion(target.Option("limit"));
  if (!version_text.empty() && !version) {
    return BadRequest(fmt::format("resourceVersion: Invalid value: {}", Quoted(version_text)));
  }
  if (target.Has("limit") && !limit) return BadRequest("strconv.ParseInt: invalid syntax");
  wanted.limit = limit.value_or(0);
  const std::string refused = "FieldValueForbidden";
  const std::string field = "resourceVersionMatch";
  if (!match.empty() && !version) {
    return InvalidOption(field, refused,
                         "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is "
                         "provided");
  }
  if (!match.empty() && match != "Exact" && match != "NotOlderThan") {
    return InvalidOption(field, "FieldValueNotSupported",
                         fmt::format("Unsupported value: {}: supported values: \"Exact\", "
                                     "\"NotOlderThan\", \"\"",
                                     Quoted(match)));
  }
  if (match == "Exact" && version == 0) {
    return InvalidOption(field, refused,
                         "Forbidden: resourceVersionMatch \"exact\" is forbidden for "
                         "resourceVersion \"0\"");
  }
  if (!target.Option("continue").empty()) {
    if (!match.empty()) {
      return InvalidOption(field, refused,
                           "Forbidden: resourceVersionMatch is forbidden when continue is "
                           "provided");
    }
    return ReadContinue(store, collection, target, wanted);
  }
  // What comes from the watch cache comes whole.
  if (version == 0) wanted.limit = 0;
  if (version.value_or(0) > store.version()) return TooLargeVersion(*version, store.version());
  const bool exact = match == "Exact" || (match.empty() && wanted.limit != 0);
  if (version.value_or(0) != 0 && exact) {
    if (*version < store.oldest(*collection.resource)) return ExpiredList();
    wanted.exactly = version;
  }
  return wanted;
}

Page MakePage(const Store& store, const Collection& collection, const Wanted& wanted) {
  Page page;
  page.version = wanted.exactly.value_or(store.version());
  // The first key that can follow.
  const std::string from = wanted.after_key.empty() ? "" : wanted.after_key + '\0';
  std::vector<ObjectPtr> all = store.AllIn(*collection.resource, page.version, from);
  std::erase_if(all, [&](const ObjectPtr& object) { return !collection.Contains(*object); });
  if (wanted.limit != 0 && all.size() > wanted.limit) {
    // A list of what is there now goes on with what is there at its first page.
    page.next = Encode({.version = page.version, .last_key = all[wanted.limit - 1]->key});
    if (!collection.selects()) page.remaining = all.size() - wanted.limit;
    all.resize(wanted.limit);
  }
  page.items = std::move(all);
  return page;
}

}  // namespace

BodyOrStatus MakeList(const Store& store, const Collection& collection, const Target& target,
                      bool pretty) {
  auto wanted = ReadOptions(store, collection, target);
  if (auto* refused = std::get_if<ApiStatus>(&wanted)) return std::move(*refused);
  return std::make_unique<ListBody>(collection,
                                    MakePage(store, collection, std::get<Wanted>(wanted)), pretty);
}

}  // namespace fairlead::apiserver
