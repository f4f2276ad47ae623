/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * service_ports4/6: which ports lead to a service on some address, and from which
 * the host's processes answer as backends, a bit each, so that everything else of
 * the host costs one array read and no more.
 */
#ifndef FAIRLEAD_MAPS_SERVICE_SERVICE_PORT_ABI_H_
#define FAIRLEAD_MAPS_SERVICE_SERVICE_PORT_ABI_H_

/* Protocols that services have, in the order of their bits. */
#define SERVICE_PORT_TCP  0
#define SERVICE_PORT_UDP  1
#define SERVICE_PORT_SCTP 2

/* Ports, whatever the protocol, on which processes of this node are backends. */
#define SERVICE_PORT_OF_BACKEND 3

#define SERVICE_PORT_KINDS 4

#define SERVICE_PORT_WORD(kind, port) ((kind) * 2048u + ((port) >> 5))
#define SERVICE_PORT_BIT(port)	      (1u << ((port) & 31))
#define SERVICE_PORT_WORDS	      (SERVICE_PORT_KINDS * 2048)

#endif /* FAIRLEAD_MAPS_SERVICE_SERVICE_PORT_ABI_H_ */
