// SPDX-License-Identifier: Apache-2.0
//
// The text of a manifest file → one JSON value per document. Written for files
// that may be broken or hostile: nothing in here recurses with the input's
// depth, copies more than a bounded amount for YAML aliases, or throws.
#ifndef FAIRLEAD_LOADER_KUBE_YAML_DOCUMENTS_H_
#define FAIRLEAD_LOADER_KUBE_YAML_DOCUMENTS_H_

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace fairlead::kube {

inline constexpr int kMaxDocumentDepth = 100;               // nested lists and mappings
inline constexpr size_t kMaxDocumentValues = 4'000'000;     // per file
inline constexpr size_t kMaxAliasBytes = size_t{16} << 20;  // memory spent on aliases, per file

struct Document {
  int number = 1;  // in the file, from 1; empty documents count
  int line = 1;    // where its content starts, from 1
  nlohmann::json value;
};

struct SyntaxError {
  int document = 1;
  int line = 1;
  std::string reason;
};

using VisitDocument = std::function<void(Document&&)>;

// Visits the documents in order, the ones before a syntax error too: the caller decides what they
// are worth. Plain scalars are typed by YAML 1.2's core schema ("yes" is a string, 010 is ten);
// quoted ones are strings. Merge keys (<<) are applied.
std::optional<SyntaxError> ReadYamlDocuments(const std::string& text, const VisitDocument& visit);

// A JSON file holds exactly one document; an empty one none.
std::optional<SyntaxError> ReadJsonDocument(const std::string& text, const VisitDocument& visit);

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_YAML_DOCUMENTS_H_
