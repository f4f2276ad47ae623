/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The address that a process has said or gets to see, in a cgroup hook's ctx. A
 * socket of IPv6 may speak IPv4: ::ffff:a.b.c.d, "mapped", is for the IPv4 object,
 * whose tables know a.b.c.d.
 */
#ifndef FAIRLEAD_BPF_FAMILY_SOCKET_ADDRESS_H_
#define FAIRLEAD_BPF_FAMILY_SOCKET_ADDRESS_H_

#include "bpf/family/family.h"

#define SOCKET_HOOK(section, name, body, mapped)                                                   \
	SEC("cgroup/" section)                                                                     \
	int name(struct bpf_sock_addr *ctx)                                                        \
	{                                                                                          \
		return body(ctx, mapped);                                                          \
	}

#if FAIRLEAD_FAMILY == 4

/* The programs of this object. sendmsg4 sees mapped addresses as plain ones. */
#define SOCKET_HOOKS(connects, sends, listens)                                                     \
	SOCKET_HOOK("connect4", connect4, connects, false)                                         \
	SOCKET_HOOK("sendmsg4", sendmsg4, sends, false)                                            \
	SOCKET_HOOK("recvmsg4", recvmsg4, listens, false)                                          \
	SOCKET_HOOK("getpeername4", getpeername4, listens, false)                                  \
	SOCKET_HOOK("connect6", connect6_mapped, connects, true)                                   \
	SOCKET_HOOK("recvmsg6", recvmsg6_mapped, listens, true)                                    \
	SOCKET_HOOK("getpeername6", getpeer6_mapped, listens, true)

/* False: an address of the other family. */
static __always_inline bool read_peer(struct bpf_sock_addr *ctx, bool mapped, struct ip4 *ip)
{
	if (!mapped) {
		ip->word[0] = ctx->user_ip4;
		return true;
	}
	ip->word[0] = ctx->user_ip6[3];
	return !ctx->user_ip6[0] && !ctx->user_ip6[1] && ctx->user_ip6[2] == bpf_htonl(0xffff);
}

static __always_inline void write_peer(struct bpf_sock_addr *ctx, bool mapped, const struct ip4 *ip)
{
	if (mapped)
		ctx->user_ip6[3] = ip->word[0];
	else
		ctx->user_ip4 = ip->word[0];
}

/* What the socket is bound to; zero: nothing. */
static __always_inline void read_own(const struct bpf_sock *sk, struct ip4 *ip)
{
	ip->word[0] = sk->src_ip4;
}

/* What the socket is connected to. */
static __always_inline void read_connected(const struct bpf_sock *sk, struct ip4 *ip)
{
	ip->word[0] = sk->dst_ip4;
}

#else

#define SOCKET_HOOKS(connects, sends, listens)                                                     \
	SOCKET_HOOK("connect6", connect6, connects, false)                                         \
	SOCKET_HOOK("sendmsg6", sendmsg6, sends, false)                                            \
	SOCKET_HOOK("recvmsg6", recvmsg6, listens, false)                                          \
	SOCKET_HOOK("getpeername6", getpeername6, listens, false)

static __always_inline bool read_peer(struct bpf_sock_addr *ctx, bool mapped, struct ip6 *ip)
{
	ip->word[0] = ctx->user_ip6[0];
	ip->word[1] = ctx->user_ip6[1];
	ip->word[2] = ctx->user_ip6[2];
	ip->word[3] = ctx->user_ip6[3];
	return ip->word[0] || ip->word[1] || ip->word[2] != bpf_htonl(0xffff);
}

static __always_inline void write_peer(struct bpf_sock_addr *ctx, bool mapped, const struct ip6 *ip)
{
	ctx->user_ip6[0] = ip->word[0];
	ctx->user_ip6[1] = ip->word[1];
	ctx->user_ip6[2] = ip->word[2];
	ctx->user_ip6[3] = ip->word[3];
}

static __always_inline void read_own(const struct bpf_sock *sk, struct ip6 *ip)
{
	ip->word[0] = sk->src_ip6[0];
	ip->word[1] = sk->src_ip6[1];
	ip->word[2] = sk->src_ip6[2];
	ip->word[3] = sk->src_ip6[3];
}

static __always_inline void read_connected(const struct bpf_sock *sk, struct ip6 *ip)
{
	ip->word[0] = sk->dst_ip6[0];
	ip->word[1] = sk->dst_ip6[1];
	ip->word[2] = sk->dst_ip6[2];
	ip->word[3] = sk->dst_ip6[3];
}

#endif

#endif /* FAIRLEAD_BPF_FAMILY_SOCKET_ADDRESS_H_ */
