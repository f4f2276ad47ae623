// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/document_lines.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <set>
#include <sstream>

#include "base/log.h"
#include "loader/kube/field_reader.h"

namespace fairlead::kube {
namespace {

// The path without its last step; "" is the document itself.
std::string Parent(const std::string& path) {
  if (path.empty()) return "";
  const size_t cut = path.find_last_of(".[");
  return cut == std::string::npos ? "" : path.substr(0, cut);
}

// Follows the parser and writes down where the wanted paths begin.
class LineFinder : public YAML::EventHandler {
 public:
  explicit LineFinder(std::set<DocumentPath> wanted) : wanted_(std::move(wanted)) {}

  const std::map<DocumentPath, int>& lines() const { return lines_; }

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {
    ++document_;
    path_.clear();
    frames_.clear();
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override { Leaf(mark, "null"); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override { Leaf(mark, "*"); }
  void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                const std::string& value) override {
    Leaf(mark, value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/,
                       YAML::anchor_t /*anchor*/, YAML::EmitterStyle::value /*style*/) override {
    Begin(mark);
    frames_.push_back({false, false, 0, path_.size()});
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    Begin(mark);
    frames_.push_back({true, true, 0, path_.size()});
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Frame {
    bool is_map;
    bool wants_key;
    size_t index;
    size_t path_size;  // of the list or mapping itself
  };

  void Leaf(const YAML::Mark& mark, const std::string& text) {
    if (!frames_.empty() && frames_.back().wants_key) {
      AppendPathKey(path_, text);
      Note(mark);
      frames_.back().wants_key = false;
      return;
    }
    Begin(mark);
    End();
  }

  // A value starts: in a list it makes its own step, in a mapping the key has made it.
  void Begin(const YAML::Mark& mark) {
    if (!frames_.empty() && !frames_.back().is_map) {
      path_ += fmt::format("[{}]", frames_.back().index);
    }
    Note(mark);
  }

  // A value has ended: its step is taken back.
  void End() {
    if (frames_.empty()) return;
    Frame& frame = frames_.back();
    path_.resize(frame.path_size);
    ++frame.index;
    frame.wants_key = frame.is_map;
  }

  void Close() {
    frames_.pop_back();
    End();
  }

  void Note(const YAML::Mark& mark) {
    const DocumentPath here(document_, path_);
    if (wanted_.count(here) != 0) lines_.emplace(here, mark.line + 1);
  }

  const std::set<DocumentPath> wanted_;
  std::map<DocumentPath, int> lines_;
  int document_ = 0;
  std::string path_;
  std::vector<Frame> frames_;
};

}  // namespace

std::vector<int> FindLines(const std::string& text, const std::vector<DocumentPath>& paths) {
  std::set<DocumentPath> wanted;
  for (const auto& [document, path] : paths) {
    std::string step = path;
    wanted.emplace(document, step);
    while (!step.empty()) wanted.emplace(document, step = Parent(step));
  }
  LineFinder finder(std::move(wanted));
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(finder)) {
    }
  } catch (const std::exception& e) {
    // JSON that yaml-cpp cannot read. The lines before the fault are still right.
    LogDebug("look for lines: {}", e.what());
  }
  std::vector<int> lines;
  for (const auto& [document, path] : paths) {
    std::string step = path;
    auto found = finder.lines().find({document, step});
    while (found == finder.lines().end() && !step.empty()) {
      found = finder.lines().find({document, step = Parent(step)});
    }
    lines.push_back(found == finder.lines().end() ? 0 : found->second);
  }
  return lines;
}

}  // namespace fairlead::kube
