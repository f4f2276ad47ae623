/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every table layout that depends on the address family. No include guard:
 * user space comes here twice, see both_families.h.
 */
#include "maps/service/service_abi.h"
#include "maps/service/socket_peer_abi.h"
#include "maps/service/source_range_abi.h"
#include "maps/service/affinity_abi.h"
#include "maps/backend/backend_abi.h"
#include "maps/conntrack/tuple_abi.h"
#include "maps/conntrack/half_open_abi.h"
#include "maps/conntrack/flow_abi.h"
#include "maps/fragment/fragment_abi.h"
#include "maps/pod/pod_address_abi.h"
#include "maps/group/group_abi.h"
#include "maps/node/prefix_abi.h"
#include "maps/node/node_state_abi.h"
