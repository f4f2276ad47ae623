/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All table layouts for user space: per-family types end in 4 and in 6.
 */
#ifndef FAIRLEAD_MAPS_ABI_BOTH_FAMILIES_H_
#define FAIRLEAD_MAPS_ABI_BOTH_FAMILIES_H_

#include "maps/abi/family.h"
#include "maps/abi/limits_abi.h"
#include "maps/abi/hook_config_abi.h"
#include "maps/abi/tail_slot_abi.h"
#include "maps/abi/verdict_abi.h"
#include "maps/counter/counter_abi.h"
#include "maps/conntrack/flow_state_abi.h"
#include "maps/fragment/room_abi.h"
#include "maps/node/node_abi.h"
#include "maps/pod/pod_abi.h"
#include "maps/service/service_port_abi.h"

#define FAIRLEAD_FAMILY 4
#include "maps/abi/per_family_abi.h"
#undef FAIRLEAD_FAMILY

#define FAIRLEAD_FAMILY 6
#include "maps/abi/per_family_abi.h"
#undef FAIRLEAD_FAMILY

#endif /* FAIRLEAD_MAPS_ABI_BOTH_FAMILIES_H_ */
