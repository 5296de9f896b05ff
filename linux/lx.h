/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the Linux personality.  Everything here belongs to one struct lx, that is to one
 * thread; there are no locks.
 *
 * struct lx           one worker's part: its programs, its sockets by inode, what waits
 * struct lx_program   one seccomp listener: a program and its descendants
 * struct lx_call      one system call of a program that waits for our answer
 * struct lx_sock      one socket: the stack's end of the AF_UNIX pair and the socket of the vnet behind it
 */
#ifndef LINUX_LX_H
#define LINUX_LX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <netinet/in.h>
#include <bsd/sys/queue.h>

#include <vimage/packet.h>
#include <vimage/priv.h>
#include <vimage/socket.h>
#include <vimage/vimage.h>

#include "linux/linux.h"
#include "linux/loop.h"
#include "linux/sockaddr.h"

#define LX_NITEMS(a)	(sizeof(a) / sizeof((a)[0]))
#define LX_CONTAINER(ptr, type, member)	((type *)(void *)((char *)(ptr) - offsetof(type, member)))

#define LX_BUFSIZE	(512 * 1024)	/* scratch: several of the largest datagrams */
#define LX_MAXDGRAM	(65536 + 64)	/* the longest packet, with what packet sockets have in front */
#define LX_CHUNK	(256 * 1024)	/* most that one turn of a relay moves */
#define LX_MAXIOV	1024		/* UIO_MAXIOV */
#define LX_NSPANS	64		/* spans of a stream's buffer moved by one call */
#define LX_NTASKS	256		/* threads whose descriptors stay open; a power of two */
#define LX_STREAMBUF (256 * 1024) /* SO_SNDBUF of both ends of a stream; the host doubles it */
#define LX_DGRAMBUF	(1024 * 1024)
#define LX_MAXCONTROL	20480		/* ancillary data of one message: Linux's optmem_max of old */
#define LX_MAXEXT	16384		/* extension headers of one packet that is received: eight, each as long as one may be */
#define LX_HELDEXT	65536		/* ... and of all that a socket's program has not read */

#define LX_SO_PASSPIDFD		76	/* Linux 6.5 */
#define LX_SO_PEERPIDFD		77
#define LX_SO_PASSRIGHTS	83	/* Linux 6.16 */

#define LX_LABELBITS	6
#define LX_FLOWLABEL	0xfffffu	/* of a flow's 28 bits; the others are the traffic class */

#define LX_FOREVER	UINT64_MAX

/* What a handler of a call returns besides its result (>= 0) and -errno. */
#define LX_CONTINUE	INT64_MIN		/* let the host's kernel do the call */
#define LX_DONE		(INT64_MIN + 1)		/* answered, or it waits in a list */

/* A thread of a program that called lately. */
struct lx_task {
	pid_t		 t_tid;		/* 0: unused */
	pid_t		 t_tgid;
	unsigned	 t_self;	/* its process, as that knows itself; 0: not asked */
	int		 t_pidfd;
};

struct lx_call {
	struct lx	*c_lx;
	struct lx_program *c_pr;
	uint64_t	 c_id;		/* of the notification */
	pid_t		 c_tid;
	int		 c_nr;
	uint64_t	 c_arg[6];
	int		 c_fd;	/* our copy of the descriptor in its arguments, or -1; closed after the handler */
	struct lx_sock	*c_sock;	/* its socket, NULL: not ours */
	bool		 c_effect;	/* cannot be done twice: a lost answer is kept for the restarted call */
	bool		 c_again;	/* it waited, and a signal has restarted it */
	bool		 c_asked;	/* it waits for the witness (witness.c) */
	unsigned	 c_want;	/* recvmmsg: messages */
	uint64_t	 c_began, c_limit;	/* ... when it began, and how long it waits for more messages, ns */
	/* waiting */
	TAILQ_ENTRY(lx_call) c_link;	/* in ls_calls */
	TAILQ_ENTRY(lx_call) c_plink;	/* in pr_calls */
	TAILQ_ENTRY(lx_call) c_tlink;	/* in lx_timed when c_deadline is one */
	uint64_t	 c_deadline;	/* ns, monotonic */
	int		 c_timeout;	/* errno when it passes */
};
TAILQ_HEAD(lx_calls, lx_call);

/* An answer a signal overtook, or may have: the same call comes again and must not act again. */
struct lx_lost {
	pid_t		 lo_tid;	/* 0: unused */
	int		 lo_nr;
	uint64_t	 lo_arg[6];
	int64_t		 lo_result;
	uint64_t	 lo_expire;
};

struct lx_program {
	TAILQ_ENTRY(lx_program) pr_link;
	struct lx	*pr_lx;
	struct lx_event	 pr_event;	/* the listener */
	int		 pr_fd;
	struct lx_use	 pr_use;
	struct vi_vnet	*pr_vnet;	/* NULL: gone */
	void		*pr_cookie;
	uid_t		 pr_rootuid;
	gid_t		 pr_rootgid;
	uint64_t	 pr_userns;
	bool		 pr_shared;
	uint64_t	 pr_denied;	/* for the credentials */
	struct lx_calls	 pr_calls;	/* waiting */
	struct lx_lost	 pr_lost[4];	/* did not arrive */
	struct lx_lost	 pr_done[4];	/* of connect and bind: arrived, as the host said */
	unsigned	 pr_nextlost, pr_nextdone;
	uint64_t	 pr_logseq;	/* syslog(2) has given out the messages up to here */
	uint32_t	 pr_logoff;	/* ... and so many bytes of the next */
	unsigned	 pr_ipcoff;	/* kinds of IPC that it does without, VI_IPC_* */
	struct lx_event	 pr_answers;
	int		 pr_witness;	/* -1: there is none */
	bool		 pr_late;	/* it does not answer */
	uint64_t	 pr_unseen;	/* calls that it was not asked about */
	unsigned	 pr_later;	/* turns that a call has waited until packets that were written before it have been received */
};
TAILQ_HEAD(lx_programs, lx_program);

enum lx_kind { LXK_STREAM, LXK_DGRAM, LXK_NETLINK };

enum lx_state {
	LXS_IDLE,		/* made; datagram sockets stay here */
	LXS_LISTEN,
	LXS_CONNECTING,		/* SYN sent */
	LXS_CONNECTED,		/* data moves, or may move again */
};

/* Of one datagram in the pair: what the payload does not say. */
struct lx_dgram {
	uint32_t	 dg_len;
	uint32_t	 dg_cost;	/* what it adds to the host's count of what is queued */
	bool		 dg_marker;	/* no datagram: wakes poll() for a pending error */
	uint8_t		 dg_ttl, dg_tos;
	uint8_t		 dg_optlen, dg_opts[40];	/* of the IPv4 header */
	uint16_t	 dg_segsz;	/* it is a train of datagrams of this length; 0: it is one */
	uint32_t	 dg_ifindex;
	struct vi_sockaddr dg_dst;
	uint32_t	 dg_local;	/* of IPv4: where to answer from */
	struct vi_sockaddr dg_from;
	uint64_t	 dg_stamp;
	uint32_t	 dg_mark;
	uint32_t	 dg_drops;	/* others that the vnet's socket had no room for */
	uint32_t	 dg_flow;	/* of IPv6: traffic class and label */
	uint32_t	 dg_pathmtu;	/* no datagram, but what there is room for on the way to dg_from; 0: it is one */
	uint16_t	 dg_fragmax;	/* its largest fragment; 0: it came whole */
	bool		 dg_summed;	/* dg_sum is there: */
	uint32_t	 dg_sum;	/* of its bytes, as they lie */
	uint16_t	 dg_extlen;	/* bytes of extension headers, */
	uint8_t		 dg_extnxt;	/* the first of them, */
	bool		 dg_extlost;	/* for which there was no room; */
	uint8_t		*dg_ext;	/* the headers, or NULL; dgram_drop() frees them */
	struct vi_frameinfo dg_frame;	/* of packet sockets */
	uint32_t	 dg_group;	/* of netlink: for whom it was, 0: an answer */
};

/* Ring beside the pair's queue; entry i describes datagram i. */
struct lx_fifo {
	struct lx_dgram	*f_ring;
	uint32_t	 f_size;	/* a power of two, or 0 */
	uint32_t	 f_head, f_count;
	uint64_t	 f_cost;	/* of all */
	uint64_t	 f_stamp;	/* of the last one that was taken; 0: not known, LX_FOREVER: none was */
};

enum { /* ls_cmsg: ancillary data the program asked for */
	LXC_PKTINFO = 0x01,
	LXC_TTL = 0x02,
	LXC_TOS = 0x04,
	LXC_STAMP = 0x08,
	LXC_STAMPNS = 0x10,
	LXC_RECVERR = 0x20,
	LXC_PKTINFO6 = 0x40,
	LXC_HOPLIMIT = 0x80,
	LXC_TCLASS = 0x100,
	LXC_RECVERR6 = 0x200,
	LXC_OPTS = 0x400,
	LXC_RETOPTS = 0x800,
	LXC_GRO = 0x1000,
	LXC_ORIGDST = 0x2000,
	LXC_ORIGDST6 = 0x4000,
	LXC_AUXDATA = 0x8000,
	LXC_STAMPING = 0x10000,
	LXC_HOPLIMIT_OLD = 0x20000,	/* RFC 2292 */
	LXC_OVERFLOW = 0x40000,
	LXC_MARK = 0x80000,
	LXC_HOPOPTS = 0x100000,
	LXC_DSTOPTS = 0x200000,
	LXC_RTHDR = 0x400000,
	LXC_PKTINFO6_OLD = 0x800000,	/* RFC 2292, as the next three */
	LXC_HOPOPTS_OLD = 0x1000000,
	LXC_DSTOPTS_OLD = 0x2000000,
	LXC_RTHDR_OLD = 0x4000000,
	LXC_FLOWINFO = 0x8000000,
	LXC_PATHMTU = 0x10000000,
	LXC_FRAGSIZE = 0x20000000,
	LXC_FRAGSIZE6 = 0x40000000,
#define LXC_CHECKSUM	0x80000000u
	LXC_EXTS = LXC_HOPOPTS | LXC_DSTOPTS | LXC_RTHDR | LXC_HOPOPTS_OLD | LXC_DSTOPTS_OLD | LXC_RTHDR_OLD,
	LXC_STAMPS = LXC_STAMP | LXC_STAMPNS | LXC_STAMPING,
	LXC_ERRORS = LXC_RECVERR | LXC_RECVERR6,
};

struct nl_sock;
struct lx_cork;
struct lx_lease;
struct lx_runs;
struct lx_packet;
struct lx_ring;

struct lx_sock {
	LIST_ENTRY(lx_sock) ls_hash;
	TAILQ_ENTRY(lx_sock) ls_link;	/* lx_socks or lx_zombies */
	struct lx	*ls_lx;
	struct vi_vnet	*ls_vnet;
	struct vi_socket *ls_so;	/* NULL: its vnet is gone, or netlink */
	struct lx_event	 ls_event;
	int		 ls_fd;		/* the stack's end; -1: closed, a record only (zombie) */
	ino_t		 ls_ino;	/* of the program's end */
	pid_t		 ls_pid;	/* where the program's end was seen last */
	int		 ls_pidfdno;
	enum lx_kind	 ls_kind;
	enum lx_state	 ls_state;
	uint8_t		 ls_type;	/* SOCK_* as the program sees it */
	uint8_t		 ls_proto;
	bool		 ls_raised;	/* between lx_sock_raise() and lx_sock_lower() */
	uint32_t	 ls_cmsg;	/* LXC_* */
	uint8_t		 ls_family;	/* AF_INET, AF_INET6, AF_PACKET */
	int		 ls_error;	/* pending, for SO_ERROR */
	uint32_t	 ls_reapgen;	/* last looked at by this lx_reap */
	struct lx_calls	 ls_calls;	/* waiting in accept, connect or receive */
	struct timeval	 ls_timeo[2];	/* SO_RCVTIMEO, SO_SNDTIMEO: 0 = for ever, negative = not at all */
	struct vi_cred	 ls_cred;
	/* streams */
	uint32_t	 ls_fill;	/* bytes that keep the program's end from being writable */
	int		 ls_sndbuf;	/* SO_SNDBUF the program set, 0: none */
	uint32_t	 ls_lowat;	/* TCP_NOTSENT_LOWAT, 0: it set none */
	bool		 ls_lowbuf;	/* its SO_SNDBUF is not yet what it should be */
	int		 ls_rcvlowat;	/* SO_RCVLOWAT it set, 0: none */
	bool		 ls_oobinline;	/* SO_OOBINLINE */
	bool		 ls_debug;	/* SO_DEBUG: kept for who asks */
	bool		 ls_tiny;	/* ... but the host's minimum */
	bool		 ls_told;	/* the program knows that the connection is made */
	bool		 ls_hup;	/* hang-up seen on the pair */
	bool		 ls_rdhup;	/* end of the program's data seen on the pair */
	bool		 ls_txeof;	/* ... and told the vnet */
	bool		 ls_rxeof;	/* end of the vnet's data told the program */
	bool		 ls_txblocked;	/* data waits in the pair: no room in the vnet's socket */
	bool		 ls_rxblocked;	/* data waits in the vnet's socket: no room in the pair */
	bool		 ls_broken;	/* after what waits the program gets ls_error as a reset */
	bool		 ls_swallow;	/* the program does not read any more, and there was something */
	bool		 ls_settling;	/* its stack takes what was sent before the program closed */
	bool		 ls_failed;	/* the last connect failed and connect was not told yet */
	bool		 ls_used;	/* ls_so has tried to connect */
	bool		 ls_isready;
	bool		 ls_deferred;	/* connect() left the SYN to the first data */
	uint32_t	 ls_fastsent;	/* what the SYN took of the data of a call that waits for the connection */
	struct lx_runs	*ls_runs;	/* of what the program sends, NULL: without flags */
	uint32_t	 ls_bytes;	/* listeners: readiness bytes in the pair */
	TAILQ_HEAD(, lx_sock) ls_made;	/* listeners: accepted, but the answer was lost */
	TAILQ_ENTRY(lx_sock) ls_madelink;
	int		 ls_appfd;	/* in ls_made: the program's end; otherwise -1 */
	/* datagrams */
	struct lx_fifo	 ls_fifo;
	uint32_t	 ls_held_ext;	/* bytes of extension headers that wait with them */
	int		 ls_stamping;	/* SO_TIMESTAMPING */
	bool		 ls_stamped;	/* datagrams are stamped though the program wants it in no form: SIOCGSTAMP has asked */
	bool		 ls_rdshut, ls_wrshut;	/* shutdown(2): it waits for none any more, and sends none */
	bool		 ls_marked;	/* a marker is in the pair */
	bool		 ls_errpair;	/* the pair is one of sock_errpair.c's */
	bool		 ls_errshown;	/* ... and its poll() says POLLERR, if no read has taken it off */
	bool		 ls_errdue;	/* ... or is to say so when ours is empty and the program waits */
	uint8_t		 ls_errlooks;	/* it did not, that often */
	TAILQ_ENTRY(lx_sock) ls_errlink;	/* in lx_errpairs when ls_errpair */
	TAILQ_ENTRY(lx_sock) ls_duelink;	/* in lx_errdue when ls_errdue */
	void		*ls_held;	/* a datagram that found no room in the pair */
	struct lx_dgram	 ls_helddg;
	struct lx_cork	*ls_cork;	/* the pieces so far of one to be sent */
	bool		 ls_corked;	/* UDP_CORK */
	in_port_t	 ls_rawport;	/* of the latest connect(): to a raw socket nothing but part of its peer's name */
	bool		 ls_onlo;	/* bound to the loopback interface as "lo", which is what the program is told */
	int		 ls_cpu;	/* SO_INCOMING_CPU: kept for who asks */
	uint64_t	 ls_pacing;	/* SO_MAX_PACING_RATE, less one that 0 is none */
	bool		 ls_sndflow;	/* IPV6_FLOWINFO_SEND */
	bool		 ls_nodefrag;	/* IP_NODEFRAG: kept for who asks; nothing puts packets together that leave */
	bool		 ls_nocheck;	/* SO_NO_CHECK */
	bool		 ls_isolate;	/* IPV6_ROUTER_ALERT_ISOLATE: kept for who asks; there is no other stack to hear of */
	uint32_t	 ls_flow;	/* class and label that the last connect() had, host order */
	struct lx_lease *ls_leases;	/* flow labels: flowlabel.c */
	struct lx_packet *ls_packet;	/* of AF_PACKET, else NULL */
	/* netlink */
	struct nl_sock	*ls_nl;
};
TAILQ_HEAD(lx_sockq, lx_sock);
LIST_HEAD(lx_sockhash, lx_sock);

struct lx {
	struct vi_worker *lx_worker;
	struct vi_kernel *lx_kernel;	/* of the first program; NULL before */
	struct lx_loop	*lx_loop;
	struct lx_ops	 lx_ops;
	void		*lx_arg;
	struct lx_programs lx_programs;
	struct lx_sockq	 lx_socks;	/* with a stack's end */
	struct lx_sockq	 lx_zombies;	/* without */
	struct lx_sockq	 lx_errpairs;	/* whose closing nobody tells us, the newest first */
	uint64_t	 lx_errat, lx_errgap;	/* when to look at them, and how long after the last time */
	struct lx_sockq	 lx_errdue;	/* of them those with an error that poll() does not say yet */
	uint64_t	 lx_dueat;	/* when to look at those */
	struct lx_calls	 lx_timed;
	TAILQ_HEAD(, lx_ring) lx_rings;	/* of packet sockets */
	LIST_HEAD(, nl_sock) lx_netlinks;
	TAILQ_HEAD(, lx_tun) lx_tuns;	/* interfaces that programs are the wire of */
	struct lx_calls	 lx_logcalls;	/* waiting for messages; they have no socket */
	struct lx_calls	 lx_asked;	/* waiting for witnesses */
	struct lx_sockhash *lx_hash;
	uint32_t	 lx_hashsize, lx_nsocks;
	uint32_t	 lx_reapgen;
	size_t		 lx_pending;	/* bytes of dumps that programs have not read: nl_out.c */
	struct lx_task	 lx_tasks[LX_NTASKS];
	struct lx_event	 lx_timer;
	int		 lx_timerfd;
	uint64_t	 lx_timerat;	/* when it is set to fire */
	uint64_t	 lx_sweepat;	/* when to look whether the zombies' descriptors still exist */
	uint64_t	 lx_ran;	/* ns a stack has run in the call or the event being handled */
	struct lx_stats	 lx_stats;
	LIST_HEAD(lx_labelvnets, lx_labels) lx_labels[1u << LX_LABELBITS];	/* flow labels: a hash of the vnets that have any */
	char		*lx_buf;	/* LX_BUFSIZE */
	uint8_t		 lx_ext[LX_MAXEXT];	/* of the datagram being received */
	struct iovec	 lx_iov[LX_MAXIOV];	/* of the message being handled */
};

/* notif.c: calls and their answers */
void	 lx_program_event(struct lx_event *, uint32_t);
bool	 lx_call_valid(const struct lx_call *);
int	 lx_answer(struct lx_call *, int64_t result);	/* ENOENT: the program did not get it */
int	 lx_answer_fd(struct lx_call *, int fd, bool cloexec, int *newfd);
/* fd, which stays ours, in the place of the descriptor the call is about, with its flags; the call still waits for its answer. */
int	 lx_replace_fd(struct lx_call *, int fd);
int64_t	 lx_call_wait(struct lx_call *, uint64_t timeout_ns, int error); /* LX_DONE or -errno */
void	 lx_call_free(struct lx_call *);	/* of a waiting one */
/* Answers each waiting call for which nr is right (0: any) with result. */
void	 lx_calls_answer(struct lx_sock *, int64_t result);
void	 lx_timers(struct lx *);
void	 lx_timer_at(struct lx *, uint64_t);	/* at the latest then */

/* mem.c: memory of the calling thread.  0 or EFAULT (ENOENT: the call is over). */
int	 lx_copyin(const struct lx_call *, uint64_t addr, void *, size_t);
int	 lx_copyin_string(const struct lx_call *, uint64_t addr, char *, size_t);	/* ENAMETOOLONG */
int	 lx_copyout(const struct lx_call *, uint64_t addr, const void *, size_t);
int	 lx_copyin_iov(const struct lx_call *, struct iovec *, unsigned n, void *, size_t len);
int	 lx_copyout_iov(const struct lx_call *, struct iovec *, unsigned n, const void *, size_t len);
/* Reads a vector into lx_iov; *total is the sum of the lengths.  EINVAL, EMSGSIZE, EFAULT. */
int	 lx_copyin_vec(struct lx_call *, uint64_t addr, uint64_t n, size_t *total);

/* fdmap.c: from a descriptor of a program to a socket */
int	 lx_call_fd(struct lx_call *, int fd);	/* fills c_fd and c_sock; EBADF, or what the host said */
unsigned lx_call_self(const struct lx_call *);	/* what getpid(2) tells the caller; 0: not known */
bool	 lx_catches(pid_t tid);		/* has it a handler for a signal that others send? */
int	 lx_call_cred(const struct lx_call *, struct vi_cred *);
bool	 lx_call_has(const struct lx_call *, unsigned cap);	/* CAP_*, in the jail; not cheap */
bool	 lx_call_hasany(const struct lx_call *, uint64_t caps);
#define LX_CAP(cap)	(UINT64_C(1) << (cap))
/* The same, one of several, of a thread that is known to live, in the jail with this user namespace, or, where that is 0, this uid 0. */
bool	 lx_thread_has(uint64_t userns, uid_t rootuid, pid_t tid, uint64_t caps);
bool	 lx_call_lacks(const struct lx_call *, unsigned cap);	/* wherever it is; not cheap */
bool	 lx_host_lacks(const struct lx_call *, unsigned cap);	/* in the host's own user namespace: who is in another has none there */
/* Real, effective and saved, as we see them.  ESRCH. */
struct lx_ids { unsigned id_uid[3], id_gid[3]; };
int	 lx_process_ids(pid_t, struct lx_ids *);
/* Number of a thread's process and of its group, in its own pid namespace.  ESRCH. */
unsigned lx_thread_number(pid_t);		/* in its own pid namespace; 0: not known */
int	 lx_process_group(pid_t, unsigned *number, unsigned *group);
bool	 lx_process_member(pid_t, unsigned gid);	/* of a supplementary group, as we see it; not known: true */
uint64_t lx_process_memory(pid_t, const char *key);	/* bytes that its status has as "key:  kB"; 0: not known */
bool	 lx_process_unfiltered(pid_t);	/* it is no program: a jail's init */
int	 lx_sock_locate(struct lx_sock *);	/* a copy of the program's end, or -1 */
struct lx_sock *lx_sock_find(const struct lx *, ino_t);
void	 lx_sock_hash(struct lx_sock *);
void	 lx_sock_rehash(struct lx_sock *, ino_t);	/* the program's end is another */
int	 lx_hash_init(struct lx *);
void	 lx_tasks_free(struct lx *);
bool	 lx_call_nonblock(const struct lx_call *, int flags, int optname);	/* as the next */
bool	 lx_call_cloexec(const struct lx_call *);
uint64_t lx_call_timeout(const struct lx_call *, int optname);	/* SO_RCVTIMEO, SO_SNDTIMEO; ns */

/* sock.c: sockets of every kind */
/*
 * A pair; so (consumed, also on failure; may be NULL) is behind it.  The program's end is
 * the caller's.
 */
int	 lx_sock_new(struct lx *, struct vi_vnet *, enum lx_kind, struct vi_socket *so, int *appfd,
    struct lx_sock **);
/* Answers with the descriptor; closes appfd unless ENOENT. */
int	 lx_sock_hand(struct lx_call *, struct lx_sock *, int appfd, int flags);
/* A socket that is made, handed to the program, or nothing left of it.  so is consumed; the result of the call. */
struct lx_sockdesc { int sd_family, sd_type, sd_proto; enum lx_kind sd_kind; struct vi_cred sd_cred; };
int64_t	 lx_sock_give(struct lx_call *, struct vi_socket *, const struct lx_sockdesc *, int flags);
/* With the caller's credentials, or those of cap. */
int	 lx_sock_make(struct lx_call *, int family, int type, int proto, bool raw, struct vi_cred *, struct vi_socket **);
void	 lx_sock_free(struct lx_sock *);
void	 lx_run(struct lx *, struct vi_vnet *);	/* some microseconds out of its turn, if it is busy; not from an upcall */
void	 lx_sock_zombie(struct lx_sock *);	/* closes the stack's end, keeps the record */
void	 lx_sock_reset(struct lx_sock *, int error);	/* the program sees a reset, SO_ERROR says error */
void	 lx_sock_dead(struct lx_sock *);	/* the vnet is gone */
void	 lx_sock_watch(struct lx_sock *, bool out);	/* also for room in the pair */
int	 lx_sock_error(struct lx_sock *);	/* takes the pending error */
int	 lx_sock_failure(struct lx_call *);	/* the same of a stream, whose pair may have one, too, or had it */
bool	 lx_sock_closed(struct lx_sock *); /* after a hang-up: nobody holds the program's end */
void	 lx_reap(struct lx *, struct vi_vnet *, uint16_t port);	/* 0: all */
void	 lx_sweep(struct lx *);
bool	 lx_sock_raise(const struct lx_call *, uint64_t caps);	/* one of them will do */
void	 lx_sock_lower(struct lx_sock *);
int	 lx_sock_buffer(int fd, int size);
void	 lx_sock_like(struct lx_sock *, const struct lx_sock *);	/* another of the same kind, made from it */
/* Tells the host what it has to know of the program's end: how long it waits, and for how much; urgent bytes. */
void	 lx_sock_native(const struct lx_sock *, int app);
/* The program's end of a stream has SO_OOBINLINE as it was set. */
void	 lx_sock_inline(const struct lx_sock *, int app);
int64_t	 lx_sys_socket(struct lx_call *);
int64_t	 lx_sys_bind(struct lx_call *);
int64_t	 lx_sys_connect(struct lx_call *);
int64_t	 lx_sys_getsockname(struct lx_call *);
int64_t	 lx_sys_getpeername(struct lx_call *);
int64_t	 lx_sys_shutdown(struct lx_call *);

/* sock_stream.c: the relay and connecting */
void	 stream_event(struct lx_event *, uint32_t);
void	 stream_upcall(struct vi_socket *, unsigned, void *);
int64_t	 stream_connect(struct lx_call *, const struct vi_sockaddr *);
int64_t	 stream_shutdown(struct lx_call *, int how);
void	 stream_tx(struct lx_sock *);	/* what the program wrote goes to the vnet */
void	 stream_flush(struct lx_sock *);
void	 stream_rx(struct lx_sock *);
void	 stream_empty(struct lx_sock *, int appfd);	/* undoes stream_fill */
int	 stream_fill(struct lx_sock *, int appfd);
void	 stream_resize(struct lx_sock *, int appfd);	/* ls_sndbuf or ls_lowat is another */

int	 stream_ready(struct lx_call *);	/* to connect; c_sock may be another then */
int64_t	 stream_begun(struct lx_call *, bool told);
int64_t	 stream_refused(int error);

/* sock_send.c: sendto(2) and sendmsg(2) of streams */
struct stream_send {
	uint64_t	 ss_name, ss_namelen;
	unsigned	 ss_niov;	/* in lx_iov; sendto's vector is of one */
	size_t		 ss_len;
};
int64_t	 stream_send(struct lx_call *);
int64_t	 stream_sendpair(struct lx_call *, int flags);	/* as the program would, but for the address */
/* -errno: of what the connection ended, or none where there is no connection; 0: to be done.  data: what is unread comes first. */
int64_t	 stream_failed(struct lx_call *, int none, bool data);
int	 stream_send_parse(struct lx_call *, struct stream_send *);
int	 stream_send_data(struct lx_call *, struct stream_send *);	/* as much as one call of ours takes, in lx_buf */

/* sock_discard.c: MSG_TRUNC of streams */
int64_t	 discard(struct lx_call *);
void	 discard_more(struct lx_sock *);	/* there may be something for who waits */

/* sock_fastopen.c: MSG_FASTOPEN */
int64_t	 fastopen(struct lx_call *, int flags);
int64_t	 fastopen_finish(struct lx_call *);	/* the connection a waiting call began is there: its result */

/* sock_runs.c: MSG_MORE and MSG_EOR of streams */
/* The call, which the host does next, sends len bytes. */
void	 runs_add(struct lx_sock *, size_t len, int flags);
void	 runs_added(struct lx_sock *, size_t len, int flags, int stamp);	/* they are there; stamp: VI_SOF_TX in place of the socket's, or -1 */
int	 runs_stamp(const struct lx_sock *);	/* of the next byte */
/* Of the next n bytes of the pair those that have flags in common. */
size_t	 runs_limit(const struct lx_sock *, size_t n);
int	 runs_taken(struct lx_sock *, size_t n);	/* their flags: VI_MSG_* */
void	 runs_free(struct lx_sock *);

/* sock_listen.c */
void	 listen_event(struct lx_sock *, uint32_t);
void	 listen_upcall(struct lx_sock *, unsigned);
void	 listen_free(struct lx_sock *);
int64_t	 listen_end(struct lx_call *);
int64_t	 lx_sys_listen(struct lx_call *);
int64_t	 lx_sys_accept(struct lx_call *);

/* sock_dgram.c */
void	 dgram_event(struct lx_event *, uint32_t);
void	 dgram_upcall(struct vi_socket *, unsigned, void *);
void	 dgram_free(struct lx_sock *);
void	 dgram_tx(struct lx_sock *);
void	 dgram_rx(struct lx_sock *);
/* What belongs to the datagram is the queue's then, but when there is an error.  EAGAIN: no room. */
int	 dgram_push(struct lx_sock *, const void *, const struct lx_dgram *);
int	 dgram_offer(struct lx_sock *, const void *, struct lx_dgram *); /* to a call that waits for it, or as dgram_push */
/* Takes one from the pair through our copy of the program's end; what belongs to it is the caller's, unless it peeks.  EAGAIN: none. */
int	 dgram_take(struct lx_call *, void *buf, size_t size, bool peek, struct lx_dgram *);
void	 dgram_drop(struct lx_sock *, struct lx_dgram *);	/* what belongs to it, and has not gone to another */
void	 dgram_forget(struct lx_sock *);	/* of what is in the pair nothing is known any more */
void	 dgram_discard(struct lx_sock *);	/* what waits in the pair */
void	 dgram_mark(struct lx_sock *);	/* something wakes poll(), which says POLLIN */
int	 dgram_pending(struct lx_call *);	/* the pending error, or 0; told now, nothing must wake anybody for it */
int	 dgram_recv(struct lx_sock *, void *, size_t, struct lx_dgram *);	/* from the vnet's socket */
void	 dgram_markergone(struct lx_sock *);	/* the marker was taken out of the pair */
int	 dgram_next(struct lx_call *);	/* length of the next datagram, 0: none */
unsigned dgram_count(struct lx_call *, size_t *bytes);	/* how many wait, and their lengths */
uint64_t dgram_stamp(struct lx_call *);	/* when the last one that was read had come; 0: not known, LX_FOREVER: none was */
void	 dgram_read(struct lx_sock *, const struct lx_dgram *);	/* the program has it */
int64_t	 dgram_connect(struct lx_call *, const struct vi_sockaddr *);
void	 dgram_shutdown(struct lx_call *, int how);

void	 dgram_show(struct lx_sock *);	/* poll() of the program is to say that there is an error */

/* sock_errpair.c: pairs whose poll() can say POLLERR */
void	 errpair_make(struct lx_call *);	/* the socket of the call has one from now on, if it can; uses lx_buf */
void	 errpair_free(struct lx_sock *);
void	 errpair_end(struct lx_sock *);	/* the program's end says end of file */
bool	 errpair_closed(const struct lx_sock *);	/* by the program, everywhere */
void	 errpair_show(struct lx_sock *);	/* poll() is to say that there is an error, if there is one */
bool	 errpair_lower(struct lx_call *);	/* no more; false: a read of the program has taken it off */
uint64_t errpairs_timer(struct lx *, uint64_t now);	/* when to be called again */

/* sock_packet.c */
int64_t	 packet_socket(struct lx_call *, int type, int proto, int flags);
int64_t	 packet_bind(struct lx_call *);
int	 packet_address(struct lx_call *, uint64_t addr, uint64_t len, struct vi_sockaddr *);	/* where to send; EINVAL */
int	 packet_version(const struct lx_sock *);	/* TPACKET_V* */
uint32_t packet_status(const struct lx_dgram *);	/* TP_STATUS_* of a received frame */
unsigned packet_lead(const struct lx_dgram *);	/* bytes of virtio's header in front of it */
int	 packet_init(struct lx_sock *);
void	 packet_free(struct lx_sock *);
struct lx_ring *packet_ring(const struct lx_sock *);	/* NULL: none */
int64_t	 packet_mmap(struct lx_call *);
int	 packet_setopt(struct lx_sock *, int name, const uint8_t *, size_t);	/* what the stack does not know */
int	 packet_getopt(struct lx_sock *, int name, uint8_t *, size_t *);	/* buf and *len: as the program has them */

/* sockfilter.c: struct sock_fprog */
int64_t	 sockfilter_set(struct lx_call *, enum vi_sockopt);
int64_t	 sockfilter_get(struct lx_call *);

/* cork.c */
int	 cork_send(struct lx_sock *, const struct vi_msg *, bool more);
int	 cork_push(struct lx_sock *);
void	 cork_set(struct lx_sock *, bool on);
void	 cork_free(struct lx_sock *);

/* sendmsg.c, recvmsg.c */
int64_t	 lx_sys_sendto(struct lx_call *);
int64_t	 lx_sys_sendmsg(struct lx_call *);
int64_t	 lx_sys_sendmmsg(struct lx_call *);
int64_t	 lx_sys_recvfrom(struct lx_call *);
int64_t	 lx_sys_recvmsg(struct lx_call *);
int64_t	 lx_sys_recvmmsg(struct lx_call *);
/*
 * A waiting receive gets this datagram.  0, or ENOENT: it is over and the datagram is still
 * there.  *peeked: it stays as well.
 */
int	 recv_deliver(struct lx_call *, const void *, const struct lx_dgram *, bool *peeked);
int64_t	 recv_space(struct lx_call *, size_t *);	/* how much a recvfrom or recvmsg asks for; 0 or -errno */
int64_t	 recv_empty(struct lx_call *);	/* it is told that what it gets is from nobody, and has nothing with it; 0 or -errno */
void	 recv_shut(struct lx_sock *);	/* what waits is told that there is nothing */
/* A call's time is over: true if it was answered with what is there. */
bool	 recv_late(struct lx_call *);
/* There is more in the queue: waiting calls for many messages may have all now, or must be content.  Uses lx_buf. */
void	 recv_queued(struct lx_sock *, bool must);

/* cmsg.c: ancillary data, from and to bytes */
struct lx_control {
	uint8_t		 co_buf[LX_MAXCONTROL];
	size_t		 co_len;	/* used */
	size_t		 co_space;	/* the program's buffer */
	bool		 co_trunc;
};
/* Begins with none, for a program that has so much room. */
static inline void
control_init(struct lx_control *co, size_t space)
{
	co->co_len = 0;
	co->co_space = space;
	co->co_trunc = false;
}
void	 control_dgram(struct lx_control *, unsigned cmsg, const struct lx_dgram *);
void	 control_stream(struct lx_control *, unsigned cmsg, const struct vi_pktoptions *, const struct vi_sockaddr *local);
void	 control_kernel(struct lx_control *);	/* SCM_CREDENTIALS of what no process has sent */
void	 control_group(struct lx_control *, uint32_t group);	/* NETLINK_PKTINFO */
int	 control_errflags(struct vi_socket *, const struct vi_sockerr *);	/* msg_flags of a message of the error queue */
void	 control_error(struct lx_control *, unsigned cmsg, const struct vi_sockerr *);
/* Of a message to be sent; extension headers stay where they are, and are noted.  EINVAL; what is not known is EINVAL as well. */
int	 control_parse(const uint8_t *, size_t, struct vi_msg *, struct vi_exthdrs *);

/* sockaddr.c: the only place that knows how the host writes addresses */
int	 sockaddr_copyin(const struct lx_call *, uint64_t addr, uint64_t len, struct vi_sockaddr *);
/*
 * May the address be used by a socket of this family?  As Linux says it: EINVAL when it is shorter than the family's, EAFNOSUPPORT when it is another's.
 */
int	 sockaddr_suits(const struct vi_sockaddr *, int family, size_t len);
void	 sockaddr_map(struct vi_sockaddr *);	/* IPv4 to ::ffff:a.b.c.d */
uint8_t	 sockaddr_family(int family);	/* AF_* to VI_AF_* */
/* The traffic class and label in an address of IPv6, host order; 0 in others. */
int	 sockaddr_flow(const struct lx_call *, uint64_t addr, uint64_t len, uint32_t *flow);
/* Writes address and length as getsockname(2) does.  The length is a socklen_t at lenp. */
int	 sockaddr_copyout(const struct lx_call *, const void *, socklen_t, uint64_t addr, uint64_t lenp);

/* sockopt.c, tcpinfo.c */
int64_t	 lx_sys_getsockopt(struct lx_call *);
int64_t	 lx_sys_setsockopt(struct lx_call *);
int	 opt_set(struct lx_sock *, int level, int name, const uint8_t *, size_t);
int	 opt_get(struct lx_sock *, int level, int name, uint8_t *, size_t *);	/* *len: the space, the length */
int	 opt_put(uint8_t *, size_t *len, const void *, size_t);	/* a value, cut to *len */
void	 opt_stamps(struct lx_sock *);	/* the stack notes when datagrams come, if anybody asks */
/* tcpopt.c: as opt_set and opt_get */
int	 tcpopt_set_congestion(struct lx_sock *, const uint8_t *, size_t);
int	 tcpopt_set_pacing(struct lx_sock *, const uint8_t *, size_t);
int	 tcpopt_get_congestion(struct lx_sock *, uint8_t *, size_t *len);
int	 tcpopt_get_pacing(struct lx_sock *, uint8_t *, size_t *len);
int	 tcpopt_get_ccinfo(struct lx_sock *, uint8_t *, size_t *len);
int	 tcpopt_get_info(struct lx_sock *, uint8_t *, size_t *len);
uint8_t	 tcpinfo_state(uint8_t state);	/* of VI_TCPS_*, as Linux numbers it */
size_t	 tcpinfo_build(const struct vi_tcp_info *, void *, size_t);

/* tcpauth.c: keys of segments */
int	 tcpauth_md5(struct lx_sock *, bool ext, const uint8_t *, size_t);
int	 tcpauth_ao_add(struct lx_sock *, const uint8_t *, size_t);
int	 tcpauth_ao_del(struct lx_sock *, const uint8_t *, size_t);
int	 tcpauth_ao_setinfo(struct lx_sock *, const uint8_t *, size_t);
int	 tcpauth_ao_getinfo(struct lx_call *, int space);
int	 tcpauth_ao_getkeys(struct lx_call *, int space);

/* opt6.c: as opt_set and opt_get */
int	 opt6_set_pktinfo(struct lx_sock *, const uint8_t *, size_t);
int	 opt6_set_index(struct lx_sock *, enum vi_sockopt, const uint8_t *, size_t);
int	 opt6_get_index(struct lx_sock *, enum vi_sockopt, uint8_t *, size_t *len);
int	 opt6_get_pathmtu(struct lx_sock *, uint8_t *, size_t *len);

/* flowlabel.c: IPV6_FLOWLABEL_MGR */
int64_t	 label_setopt(struct lx_call *);
int64_t	 label_getopt(struct lx_call *, int space);
/* May the socket send with it?  EINVAL. */
int	 label_check(const struct lx_sock *, uint32_t flow);
void	 label_free(struct lx_sock *);
void	 labels_free(struct lx *, const struct vi_vnet *);	/* the vnet goes; NULL: all do */
struct lx_labelinfo {
	uint32_t	 li_label, li_owner;	/* owner: the user that shares it, or 0 */
	unsigned	 li_share, li_users;
	uint64_t	 li_linger;	/* s */
	int64_t		 li_expires;
	uint8_t		 li_dst[16];
};
typedef void lx_label_fn(void *arg, const struct lx_labelinfo *);
void	 labels_list(struct lx *, const struct vi_vnet *, lx_label_fn *, void *arg);

/* mcast.c: vi is the vnet's option */
int	 mcast_set_group(struct lx_sock *, int level, int name, int vi, const uint8_t *, size_t);
int	 mcast_set_source(struct lx_sock *, int level, int name, int vi, const uint8_t *, size_t);
int	 mcast_set_filter(struct lx_sock *, int level, int name, const uint8_t *, size_t);
int	 mcast_get_filter(struct lx_sock *, int level, int name, uint8_t *, size_t *len);

/* ioctl.c */
int64_t	 lx_sys_ioctl(struct lx_call *);

/* if_set.c */
int64_t	 lx_ethtool(struct lx_call *, struct vi_vnet *);	/* ethtool.c */
bool	 lx_ifset_iscmd(unsigned cmd);
int64_t	 lx_ifset(struct lx_call *, struct vi_vnet *, unsigned cmd);
/* rt_set.c */
bool	 lx_rtset_iscmd(unsigned cmd);
int64_t	 lx_rtset(struct lx_call *, struct vi_vnet *, unsigned cmd);
/* Who calls, and EPERM unless he has the privilege over the vnet; cr_priv says so as well.  Inside lx_manage().  ENOENT: the call is over. */
int	 lx_call_netcred(struct lx_call *, struct vi_vnet *, enum vi_priv, struct vi_cred *);

/* tun.c: /dev/net/tun */
#define LX_TUN_FIRST	0x54c8		/* of its ioctls, without direction and size */
#define LX_TUN_LAST	0x54e3
static inline bool lx_tun_iscmd(unsigned cmd) { return ((cmd & 0xffff) >= LX_TUN_FIRST && (cmd & 0xffff) <= LX_TUN_LAST); }
int64_t	 lx_sys_tun(struct lx_call *);
struct lx_tun *lx_tun_find(const struct lx_call *);
void	 lx_tuns_reap(struct lx *, const struct vi_vnet *);	/* its that were closed, now */
void	 lx_tuns_free(struct lx *);
uint64_t lx_tuns_input(struct lx *, const struct vi_vnet *);	/* takes what was written to its; how many turns ago there was something; LX_FOREVER: never */

bool	 lx_tuns_fresh(const struct lx *, const struct vi_vnet *);	/* something was taken in this turn, and may not have been received yet */

/* lx.c: vnets, interfaces and routes are managed outside enter/leave */
void	 lx_manage(struct lx *);
void	 lx_managed(struct lx *);

/* admin.c: what needs a privilege and is not about sockets */
bool	 lx_on_host(const struct lx_call *);	/* the processes are prison0's, whatever else the program uses: its log is the host's */
bool	 lx_call_may(const struct lx_call *, enum vi_priv);	/* no: logged */
int64_t	 lx_sys_mount(struct lx_call *);
int64_t	 lx_sys_host(struct lx_call *);
int64_t	 lx_sys_adjtime(struct lx_call *);
int64_t	 lx_sys_chroot(struct lx_call *);
int64_t	 lx_sys_sethostname(struct lx_call *);

/* others.c: what reaches for other processes and users; the host's kernel does these calls */
void	 lx_log_refusal(const struct lx_call *, enum vi_priv, const char *what, unsigned number);	/* UINT32_MAX: none */
int64_t	 lx_sys_others(struct lx_call *);
int64_t	 lx_sys_setaffinity(struct lx_call *);
int64_t	 lx_sys_pidfd(struct lx_call *);
pid_t	 lx_pidfd_process(const struct lx_call *);	/* of which c_fd is a descriptor; -1 */
int64_t	 lx_sys_setid(struct lx_call *);
int64_t	 lx_sys_chown(struct lx_call *);
int64_t	 lx_sys_prctl(struct lx_call *);
int64_t	 lx_sys_ipc(struct lx_call *);
int64_t	 lx_sys_setgroups(struct lx_call *);
int64_t	 lx_sys_mlock(struct lx_call *);
bool	 lx_chflags_iscmd(unsigned cmd);	/* an ioctl(2) that sets flags of a file */
int64_t	 lx_sys_chflags(struct lx_call *);

/* rights.c: what a process wants for itself; likewise */
void	 lx_look_at_raise(const struct lx_call *, pid_t);
int64_t	 lx_sys_setrlimit(struct lx_call *);
int64_t	 lx_sys_unshare(struct lx_call *);
int64_t	 lx_sys_setns(struct lx_call *);
int64_t	 lx_sys_xattr(struct lx_call *);
int64_t	 lx_sys_quota(struct lx_call *);
int64_t	 lx_sys_machine(struct lx_call *);
int64_t	 lx_sys_perf(struct lx_call *);

/* witness.c: files and IPC objects that the host refuses */
int	 lx_witness_attach(struct lx_program *, int fd);	/* consumed, also on failure; -1: none */
void	 lx_witness_gone(struct lx_program *);
void	 lx_witness_late(struct lx_call *);	/* answers it */
int64_t	 lx_sys_file(struct lx_call *);
int64_t	 lx_look_at_object(struct lx_call *, unsigned kind);	/* VI_IPC_* */

/* uname.c */
int64_t	 lx_sys_uname(struct lx_call *);

/* syslog.c */
int64_t	 lx_sys_syslog(struct lx_call *);

/* netlink.c */
int64_t	 nl_new(struct lx_call *, int type, int proto, int flags);
void	 nl_free(struct lx_sock *);
void	 nl_event(struct lx_event *, uint32_t);
int64_t	 nl_bind(struct lx_call *);
int64_t	 nl_connect(struct lx_call *);
int64_t	 nl_name(struct lx_call *, bool peer);
void	 nl_input(struct lx_sock *, const void *, size_t);
void	 nl_control(const struct lx_sock *, const struct lx_dgram *, struct lx_control *);	/* ancillary data of a message */
int	 nl_destination(struct lx_call *, uint64_t addr, uint64_t len);	/* may it be sent there?  EINVAL, EPERM, ECONNREFUSED */
void	 nl_called(const struct lx_call *);	/* what comes in next is the caller's */
int64_t	 nl_getsockopt(struct lx_call *);
int64_t	 nl_setsockopt(struct lx_call *);

/* owner.c */
#define LX_MAXENVIRON	(128 * 1024)	/* of a process's environment is looked at */
uint32_t lx_process_fib(pid_t, uint32_t nfibs);	/* what setfib(1) said; 0 */

#endif
