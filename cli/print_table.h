// SPDX-License-Identifier: Apache-2.0
//
// One set of rows, two ways to print it: JSON for programs, aligned columns for
// people. A column is a key of the rows, so both always say the same.
#ifndef FAIRLEAD_CLI_PRINT_TABLE_H_
#define FAIRLEAD_CLI_PRINT_TABLE_H_

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "base/ip.h"
#include "cli/command.h"

namespace fairlead::cli {

using Json = nlohmann::ordered_json;

struct Column {
  const char* title;
  const char* key;
  bool wide_only = false;
};

// What is not there is null: an empty text, the unspecified address.
Json OrNull(const std::string& text);
Json OrNull(const IpAddress& address);

// How a value looks in a column: null and empty lists are "-", lists are joined
// with commas, booleans are yes and no.
std::string Cell(const Json& value);

// The longest cell of each column gives its width; columns of numbers are
// aligned right. Rows are objects; a missing key is null.
void PrintColumns(std::ostream& out, const std::vector<Column>& columns,
                  const std::vector<Json>& rows, Output output);

// PrintColumns, or a JSON array.
void PrintRows(std::ostream& out, const std::vector<Column>& columns, const std::vector<Json>& rows,
               Output output);

// A JSON array written row by row, for what is too long to be held.
class JsonArray {
 public:
  explicit JsonArray(std::ostream& out) : out_(out) {}
  void Add(const Json& row);
  void End();

 private:
  std::ostream& out_;
  bool empty_ = true;
};

}  // namespace fairlead::cli

#endif  // FAIRLEAD_CLI_PRINT_TABLE_H_
