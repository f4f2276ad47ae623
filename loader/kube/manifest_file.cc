// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/manifest_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/log.h"
#include "loader/kube/document_lines.h"
#include "loader/kube/field_reader.h"
#include "loader/kube/yaml_documents.h"

namespace fairlead::kube {
namespace {

using nlohmann::json;

constexpr int kMaxListDepth = 4;  // List in List
constexpr int kMaxErrors = 1000;  // per file; more help nobody and cost memory

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// A member's text, for messages about objects that may be broken anywhere.
std::string TextOf(const json& object, const char* key) {
  if (!object.is_object()) return "";
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

bool HasUnreadableNamespace(const json& object) {
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return false;
  const auto name_space = metadata->find("namespace");
  return name_space != metadata->end() && !name_space->is_null() && !name_space->is_string();
}

class ManifestReader {
 public:
  explicit ManifestReader(const std::string& file) : file_(file) {}

  void Read(const std::string& text) {
    const auto visit = [this](Document&& document) { ReadDocument(document); };
    const auto failure =
        EndsWith(file_, ".json") ? ReadJsonDocument(text, visit) : ReadYamlDocuments(text, visit);
    if (failure) {
      contents_ = {};
      contents_.unreadable = true;
      contents_.errors.push_back(
          {file_, failure->document, failure->line, "", "", "", failure->reason});
      return;
    }
    ResolveLines(text);
  }

  ManifestContents Take() { return std::move(contents_); }

 private:
  void ReadDocument(const Document& document) {
    if (document.value.is_null()) return;
    document_ = &document;
    ReadObject(document.value, "", "", "", 0);
  }

  // `path` leads from the document to the object; the type is inherited from a typed list
  // (ServiceList), whose items may come without one.
  void ReadObject(const json& object, const std::string& path, const std::string& inherited_version,
                  const std::string& inherited_kind, int depth) {
    if (!object.is_object()) {
      contents_.anonymous = true;
      return Report(path, {}, "must be a Kubernetes object (a mapping)");
    }
    const std::string kind = object.contains("kind") ? TextOf(object, "kind") : inherited_kind;
    const std::string version =
        object.contains("apiVersion") ? TextOf(object, "apiVersion") : inherited_version;
    for (const auto& [field, text] :
         {std::pair("apiVersion", &version), std::pair("kind", &kind)}) {
      if (!text->empty()) continue;
      contents_.anonymous = true;
      const char* reason = object.contains(field) ? "must be a string" : "is required";
      return Report(path, Identity(object, kind), fmt::format("{}: {}", field, reason));
    }
    if (EndsWith(kind, "List")) {
      return ReadList(object, path, version, kind.substr(0, kind.size() - 4), depth);
    }
    const auto known = FindKind(version, kind);
    if (!known) return Ignore(object, version, kind);
    auto parsed = ParseObject(*known, object);
    if (parsed.ok()) return Keep(*std::move(parsed), path);
    const ManifestError identity = Identity(object, kind);
    const bool namespaced = IsNamespaced(*known);
    if (identity.name.empty() || HasUnreadableNamespace(object)) {
      contents_.anonymous = true;
    } else {
      contents_.broken.insert({*known, {namespaced ? identity.name_space : "", identity.name}});
    }
    Report(path, identity, std::string(parsed.status().message()));
  }

  void ReadList(const json& list, const std::string& path, const std::string& version,
                const std::string& item_kind, int depth) {
    if (!item_kind.empty() && !FindKind(version, item_kind)) {
      return Ignore(list, version, item_kind + "List");
    }
    const auto items = list.find("items");
    if (items == list.end() || items->is_null()) return;
    if (!items->is_array() || depth >= kMaxListDepth) {
      contents_.anonymous = true;
      const char* reason = items->is_array() ? "lists are nested too deeply" : "must be a list";
      return Report(path, Identity(list, item_kind + "List"), fmt::format("items: {}", reason));
    }
    for (size_t i = 0; i < items->size(); ++i) {
      const std::string item_path = fmt::format("{}{}items[{}]", path, path.empty() ? "" : ".", i);
      ReadObject((*items)[i], item_path, item_kind.empty() ? "" : version, item_kind, depth + 1);
    }
  }

  void Keep(AnyObject object, const std::string& path) {
    const ObjectRef ref = RefOf(object);
    const auto [entry, added] = contents_.objects.try_emplace(
        ref, ManifestObject{std::move(object), document_->number, document_->line});
    if (added) return;
    ManifestError identity;
    identity.kind = KindName(ref.kind);
    identity.name_space = ref.name.name_space;
    identity.name = ref.name.name;
    Report(path, identity,
           fmt::format("is twice in this file; the one in document {} is used",
                       entry->second.document));
  }

  void Ignore(const json& object, const std::string& version, const std::string& kind) {
    ++contents_.ignored;
    const ManifestError identity = Identity(object, kind);
    LogDebug("{}: {} {} {} is not a kind fairlead reads", file_, version, kind, identity.name);
  }

  static ManifestError Identity(const json& object, const std::string& kind) {
    ManifestError identity;
    identity.kind = kind;
    const auto metadata = object.find("metadata");
    if (metadata == object.end()) return identity;
    identity.name = TextOf(*metadata, "name");
    identity.name_space = TextOf(*metadata, "namespace");
    const bool namespaced = std::ranges::none_of(
        kAllKinds, [&](Kind known) { return kind == KindName(known) && !IsNamespaced(known); });
    if (identity.name_space.empty() && namespaced) identity.name_space = "default";
    if (!namespaced) identity.name_space = "";
    return identity;
  }

  // `reason` may start with the path of a field inside of the object: "spec.type: must be …".
  void Report(const std::string& path, ManifestError error, const std::string& reason) {
    if (contents_.errors.size() >= kMaxErrors) return;
    error.file = file_;
    error.document = document_->number;
    error.line = document_->line;
    error.reason = reason;
    contents_.errors.push_back(std::move(error));
    const size_t colon = reason.find(": ");
    std::string full = path;
    if (colon != std::string::npos && reason.find(' ') > colon) {
      if (!full.empty()) full.push_back('.');
      full += reason.substr(0, colon);
    }
    paths_.emplace_back(document_->number, std::move(full));
  }

  void ResolveLines(const std::string& text) {
    if (paths_.empty()) return;
    const std::vector<int> lines = FindLines(text, paths_);
    for (size_t i = 0; i < lines.size(); ++i) {
      if (lines[i] != 0) contents_.errors[i].line = lines[i];
    }
  }

  const std::string& file_;
  const Document* document_ = nullptr;  // the one being read
  ManifestContents contents_;
  std::vector<DocumentPath> paths_;  // of contents_.errors, in the same order
};

}  // namespace

std::string ManifestError::ToString() const {
  std::string text = file;
  if (document != 0) text += fmt::format(": document {}", document);
  if (line != 0) text += fmt::format("{}line {}", document != 0 ? ", " : ": ", line);
  if (!kind.empty()) text += fmt::format(": {}", kind);
  if (!name.empty()) {
    text += fmt::format("{}{}", kind.empty() ? ": " : " ", ObjectName{name_space, name}.ToString());
  }
  return text.empty() ? reason : fmt::format("{}: {}", text, reason);
}

std::ostream& operator<<(std::ostream& os, const ManifestError& error) {
  return os << error.ToString();
}

ManifestContents ReadManifest(const std::string& file, const std::string& text) {
  ManifestReader reader(file);
  reader.Read(text);
  return reader.Take();
}

bool IsManifestName(const std::string& file) {
  if (file.empty() || file[0] == '.') return false;
  return EndsWith(file, ".yaml") || EndsWith(file, ".yml") || EndsWith(file, ".json");
}

}  // namespace fairlead::kube
