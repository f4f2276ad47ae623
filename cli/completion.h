// SPDX-License-Identifier: Apache-2.0
//
// fairlead completion bash — a completion script made from the commands and
// options themselves, so that it is never behind them.
#ifndef FAIRLEAD_CLI_COMPLETION_H_
#define FAIRLEAD_CLI_COMPLETION_H_

#include <string>

namespace CLI {
class App;
}

namespace fairlead::cli {

std::string BashCompletion(const CLI::App& app);

}  // namespace fairlead::cli

#endif  // FAIRLEAD_CLI_COMPLETION_H_
