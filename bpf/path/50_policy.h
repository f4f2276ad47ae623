/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * 50 policy — may these two talk?
 *
 * The verdict of a flow is remembered with the epoch in which it was given. A
 * change of any policy bumps the epoch, and the flow's next packet comes back
 * here. Nothing is denied yet unless config.default_deny says that what no
 * policy allows is denied.
 * Price for a known flow: one comparison.
 */
#ifndef FAIRLEAD_BPF_PATH_50_POLICY_H_
#define FAIRLEAD_BPF_PATH_50_POLICY_H_

#include "bpf/path/45_locate.h"

__stage policy(context *skb, struct packet *pkt, struct known *known)
{
	if (known->side ? known->side->policy_epoch == pkt->policy_epoch : pkt->remembered == 1)
		return CONTINUE;
	if (config.default_deny)
		return drop(pkt, DROP_POLICY_DENIED);
	if (known->side)
		known->side->policy_epoch = pkt->policy_epoch;
	return CONTINUE;
}

#endif /* FAIRLEAD_BPF_PATH_50_POLICY_H_ */
