// SPDX-License-Identifier: Apache-2.0
#include "cli/print_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace fairlead::cli {
namespace {

constexpr const char* kGap = "  ";

Json At(const Json& row, const char* key) {
  const auto found = row.find(key);
  return found == row.end() ? Json() : *found;
}

struct TextColumn {
  const char* title;
  std::vector<std::string> cells;
  size_t width = 0;
  bool numbers = true;
};

TextColumn MakeColumn(const Column& column, const std::vector<Json>& rows) {
  TextColumn text{column.title, {}, std::string(column.title).size(), !rows.empty()};
  for (const Json& row : rows) {
    const Json value = At(row, column.key);
    text.numbers = text.numbers && (value.is_number() || value.is_null());
    text.cells.push_back(Cell(value));
    text.width = std::max(text.width, text.cells.back().size());
  }
  return text;
}

// Without the spaces that would end the line.
void PrintLine(std::ostream& out, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  out << line << '\n';
}

std::string Pad(const std::string& cell, const TextColumn& column) {
  return column.numbers ? fmt::format("{:>{}}", cell, column.width)
                        : fmt::format("{:<{}}", cell, column.width);
}

}  // namespace

Json OrNull(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json OrNull(const IpAddress& address) {
  return address.IsUnspecified() ? Json() : Json(address.ToString());
}

std::string Cell(const Json& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (!value.is_array()) return value.dump();
  std::string joined;
  for (const Json& element : value) {
    if (!joined.empty()) joined += ',';
    joined += Cell(element);
  }
  return joined.empty() ? "-" : joined;
}

void PrintColumns(std::ostream& out, const std::vector<Column>& columns,
                  const std::vector<Json>& rows, Output output) {
  std::vector<TextColumn> text;
  for (const Column& column : columns) {
    if (!column.wide_only || output == Output::kWide) text.push_back(MakeColumn(column, rows));
  }
  std::string header;
  for (const TextColumn& column : text) header += Pad(column.title, column) + kGap;
  PrintLine(out, header);
  for (size_t row = 0; row < rows.size(); ++row) {
    std::string line;
    for (const TextColumn& column : text) line += Pad(column.cells[row], column) + kGap;
    PrintLine(out, line);
  }
}

void PrintRows(std::ostream& out, const std::vector<Column>& columns, const std::vector<Json>& rows,
               Output output) {
  if (output != Output::kJson) {
    PrintColumns(out, columns, rows, output);
    return;
  }
  JsonArray array(out);
  for (const Json& row : rows) array.Add(row);
  array.End();
}

void JsonArray::Add(const Json& row) {
  out_ << (empty_ ? "[\n  " : ",\n  ") << row.dump();
  empty_ = false;
}

void JsonArray::End() { out_ << (empty_ ? "[]\n" : "\n]\n"); }

}  // namespace fairlead::cli
