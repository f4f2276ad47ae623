// SPDX-License-Identifier: Apache-2.0
//
// Which line a field stands on. Parsed values carry no lines (most are never
// asked for); when something is wrong, the text is read once more for the
// fields in question.
#ifndef FAIRLEAD_LOADER_KUBE_DOCUMENT_LINES_H_
#define FAIRLEAD_LOADER_KUBE_DOCUMENT_LINES_H_

#include <string>
#include <utility>
#include <vector>

namespace fairlead::kube {

// A document's number (from 1) and a path as FieldReader spells it: "items[3].spec.ports[0].port".
using DocumentPath = std::pair<int, std::string>;

// The line of each path, in the same order. A field that is missing has the line of the nearest
// field around it; 0 if the document itself is not there. JSON is read as the YAML that it is.
std::vector<int> FindLines(const std::string& text, const std::vector<DocumentPath>& paths);

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_DOCUMENT_LINES_H_
