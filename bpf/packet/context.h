/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel hands a program together with the packet: an skb at TC, a bare
 * frame at XDP. Stages are written for either and say `context`; what they ask of it
 * has the same names in context_skb.h and context_xdp.h, and nothing else may ask
 * which one it is. Stages call it skb, which it mostly is.
 */
#ifndef FAIRLEAD_BPF_PACKET_CONTEXT_H_
#define FAIRLEAD_BPF_PACKET_CONTEXT_H_

#include "bpf/packet/packet.h"

/* include/linux/skbuff.h: who vouches for the transport checksum. */
#define CHECKSUM_NONE	  0
#define CHECKSUM_COMPLETE 2
#define CHECKSUM_PARTIAL  3

#ifdef FAIRLEAD_XDP
#include "bpf/packet/context_xdp.h"
#else
#include "bpf/packet/context_skb.h"
#endif

#endif /* FAIRLEAD_BPF_PACKET_CONTEXT_H_ */
