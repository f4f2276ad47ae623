/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * host_ports4/6: which ports of this node lead to a service, a bit each, so that
 * everything else of the host costs one array read and no more.
 */
#ifndef FAIRLEAD_MAPS_SERVICE_HOST_PORT_ABI_H_
#define FAIRLEAD_MAPS_SERVICE_HOST_PORT_ABI_H_

/* Protocols that have host ports, in the order of their bits. */
#define HOST_PORT_TCP	0
#define HOST_PORT_UDP	1
#define HOST_PORT_SCTP	2
#define HOST_PORT_KINDS 3

#define HOST_PORT_WORD(kind, port) ((kind) * 2048u + ((port) >> 5))
#define HOST_PORT_BIT(port)	   (1u << ((port) & 31))
#define HOST_PORT_WORDS		   (HOST_PORT_KINDS * 2048)

#endif /* FAIRLEAD_MAPS_SERVICE_HOST_PORT_ABI_H_ */
