/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * SCTP: its CRC32c (RFC 9260) covers the ports, but not the addresses.
 *
 * A CRC is linear: flipping bits d of the message flips the CRC by the CRC of
 * d alone. Ports are the first four bytes, so that is the CRC of the changed
 * bits followed by as many zero bytes as the message goes on for; zeros are
 * appended by multiplying with x^(8n) in GF(2), bit by bit of n. The message
 * itself is never read.
 */
#ifndef FAIRLEAD_BPF_PACKET_SCTP_CHECKSUM_H_
#define FAIRLEAD_BPF_PACKET_SCTP_CHECKSUM_H_

#include "bpf/path/10_parse.h"

#define CRC32C_POLYNOMIAL 0x82f63b78 /* reflected */
#define LENGTH_BITS	  17	     /* a GSO message may exceed 64 KiB */

/* a * b modulo the polynomial, both reflected: the top bit is x^0. */
static __always_inline __u32 gf2_multiply(__u32 a, __u32 b)
{
	__u32 product = 0;

	for (int i = 0; i < 32; i++) {
		product ^= b & -(a >> 31);
		a <<= 1;
		b = (b >> 1) ^ (CRC32C_POLYNOMIAL & -(b & 1));
	}
	return product;
}

/* The CRC register after `bytes` zero bytes. */
__first_packet __u32 crc32c_append_zeros(__u32 crc, __u32 bytes)
{
	__u32 power = 0x00800000; /* x^8: one zero byte */

	for (int bit = 0; bit < LENGTH_BITS; bit++) {
		if (bytes & 1)
			crc = gf2_multiply(crc, power);
		power = gf2_multiply(power, power);
		bytes >>= 1;
	}
	return crc;
}

/* Not 0 if the header could not be reached. */
static __noinline int rewrite_sctp(context *skb, __u32 l4_offset, const struct ports *ports,
				   __u32 state)
{
	struct sctp_header *sctp = header_at(skb, l4_offset, sizeof(*sctp));
	__u32 before, after, check;

	if (!sctp)
		return -1;
	before = *(__u32 *)&sctp->ports;
	after = *(const __u32 *)ports;
	if (before == after)
		return 0;
	*(__u32 *)&sctp->ports = after;
	if (state == CHECKSUM_PARTIAL)
		return 0; /* the device or the receiver's kernel will compute it */
	/* The register after four bytes d, begun with zero, is d advanced by four
	 * zero bytes: that is the same operation again.
	 */
	check = sctp->check;
	sctp->check ^= crc32c_append_zeros(before ^ after, packet_end(skb) - (l4_offset & 0x1ff));
	/* Nothing in a CRC makes up for the change in the sum of the whole packet. */
	if (state == CHECKSUM_COMPLETE)
		change_sum(skb,
			   sum_fold((__u64)(__u32)~before + after + (__u32)~check + sctp->check));
	return 0;
}

#endif /* FAIRLEAD_BPF_PACKET_SCTP_CHECKSUM_H_ */
