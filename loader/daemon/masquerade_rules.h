// SPDX-License-Identifier: Apache-2.0
//
// Flags and the file of ip-masq-agent → where pods keep their addresses.
#ifndef FAIRLEAD_LOADER_DAEMON_MASQUERADE_RULES_H_
#define FAIRLEAD_LOADER_DAEMON_MASQUERADE_RULES_H_

#include "loader/apply/node_tables.h"
#include "loader/daemon/masquerade_file.h"
#include "loader/daemon/options.h"
#include "loader/daemon/problem_log.h"

namespace fairlead {

// `options` are valid; `file` may be null.
apply::MasqueradeRules MakeMasqueradeRules(const Options& options, const MasqueradeFile* file,
                                           ProblemLog& problems);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_MASQUERADE_RULES_H_
