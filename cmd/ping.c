/* SPDX-License-Identifier: BSD-2-Clause */
/* ping(8): options, the loop and the summary. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/inet.h"
#include "cmd/ping_int.h"

#define NS		1000000000ull
#define FLOOD_WAIT	(NS / 100)	/* without an answer the next one goes out after this */
#define MAXWAIT		(10 * NS)	/* for the last answer when none has come */
#define MAXSIZE		(65535 - 20 - 8)

/*
 * The summary.
 */
static double
ms(double ns)
{
	return ns / 1e6;
}

/* Newton's way, so that nothing more than the C library is needed. */
static double
square_root(double x)
{
	double r = x > 1 ? x : 1;

	for (int i = 0; i < 64 && x > 0; i++)
		r = (r + x / r) / 2;
	return x > 0 ? r : 0;
}

static void
print_times(const struct ping *p)
{
	double n = (double)(p->p_nreceived > 0 ? p->p_nreceived : 1), avg = p->p_sum / n;
	double var = p->p_sumsq / n - avg * avg;

	printf("round-trip min/avg/max/stddev = %.3f/%.3f/%.3f/%.3f ms\n", ms((double)p->p_min),
	    ms(avg), ms((double)p->p_max), ms(square_root(var)));
}

static void
print_summary(const struct ping *p)
{
	long long lost = p->p_ntransmitted - p->p_nreceived;

	printf("\n--- %s ping statistics ---\n%lld packets transmitted, %lld packets received, ",
	    p->p_host, p->p_ntransmitted, p->p_nreceived);
	if (p->p_ndup > 0)
		printf("+%lld duplicates, ", p->p_ndup);
	if (p->p_ntransmitted > 0)
		printf("%.1f%% packet loss", (double)lost * 100.0 / (double)p->p_ntransmitted);
	printf("\n");
	if (p->p_nreceived > 0)
		print_times(p);
}

static void
print_interim(const struct ping *p)
{
	fprintf(stderr, "%lld/%lld packets received (%.1f%%)", p->p_nreceived, p->p_ntransmitted,
	    p->p_ntransmitted > 0 ? (double)p->p_nreceived * 100.0 / (double)p->p_ntransmitted
				  : 0.0);
	if (p->p_nreceived > 0)
		fprintf(stderr, " %.3f min / %.3f avg / %.3f max", ms((double)p->p_min),
		    ms(p->p_sum / (double)p->p_nreceived), ms((double)p->p_max));
	fprintf(stderr, "\n");
}

/*
 * The loop.
 */
static bool
all_sent(const struct ping *p)
{
	return p->p_count > 0 && p->p_ntransmitted >= p->p_count;
}

static bool
finished(const struct ping *p)
{
	return (all_sent(p) && p->p_nreceived >= p->p_count) || (p->p_one && p->p_nreceived > 0);
}

/* How long after the last packet an answer is waited for. */
static uint64_t
last_wait(const struct ping *p)
{
	if (p->p_waittime > 0)
		return p->p_waittime;
	return p->p_nreceived > 0 ? (2 * p->p_max > NS ? 2 * p->p_max : NS) : MAXWAIT;
}

/* True when the program shall end. */
static bool
take_signal(const struct ping *p, int sigfd)
{
	struct signalfd_siginfo si;

	if (read(sigfd, &si, sizeof(si)) != sizeof(si))
		return false;
	if (si.ssi_signo != SIGQUIT)
		return true;
	print_interim(p);
	return false;
}

static void
loop(struct ping *p, int sigfd)
{
	struct pollfd pf[2] = { { .fd = p->p_sock, .events = POLLIN },
		{ .fd = sigfd, .events = POLLIN } };
	uint64_t gap = p->p_flood ? FLOOD_WAIT : p->p_interval, now = ping_now(), end = UINT64_MAX,
		 next = now, until;

	if (p->p_timeout > 0)
		end = now + p->p_timeout;
	for (long long i = 0; i < p->p_preload && !all_sent(p); i++)
		ping_send(p);
	for (;;) {
		if (!all_sent(p) && now >= next) {
			ping_send(p);
			next = now + (all_sent(p) ? last_wait(p) : gap);
		} else if (now >= next)
			return;
		until = next < end ? next : end;
		now = ping_now();
		if (until > now) {
			struct timespec ts = { (time_t)((until - now) / NS),
				(long)((until - now) % NS) };

			if (ppoll(pf, 2, &ts, NULL) > 0 && (pf[1].revents & POLLIN) != 0 &&
			    take_signal(p, sigfd))
				return;
		}
		while (ping_receive(p) && !finished(p))
			if (p->p_flood && !all_sent(p))
				next = 0;
		now = ping_now();
		if (finished(p) || now >= end)
			return;
	}
}

static int
make_sigfd(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGQUIT);	/* stands for BSD's SIGINFO */
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/*
 * Start.
 */
static bool
resolve6(const char *host, struct sockaddr_in6 *sin6)
{
	struct addrinfo hints = { .ai_family = AF_INET6, .ai_socktype = SOCK_RAW }, *ai;

	if (host[0] == '\0' || getaddrinfo(host, NULL, &hints, &ai) != 0)
		return false;
	memcpy(sin6, ai->ai_addr, sizeof(*sin6));
	freeaddrinfo(ai);
	return true;
}

/* A host whose family was not asked for is tried over IPv4 first. */
static bool
resolve_host(struct ping *p)
{
	if (p->p_family != AF_INET6 && inet_host(p->p_host, &p->p_to.sin_addr)) {
		p->p_family = AF_INET;
		return true;
	}
	if (p->p_family == AF_INET || !resolve6(p->p_host, &p->p_to6))
		return false;
	p->p_family = AF_INET6;
	return true;
}

/* What is not for the family, as far as that is known; NULL. */
static const char *
unfit(const struct ping *p)
{
	if (p->p_bufsize > 0 && p->p_family == AF_INET)
		return "-b: only over IPv6";
	if (p->p_record && p->p_family == AF_INET6)
		return "-R: IPv6 records no routes";
	if (p->p_type != ICMP_ECHO && p->p_family == AF_INET6)
		return "-M: IPv6 tells neither masks nor times";
	return NULL;
}

/* -4 and -6 against the address; NULL: it may be. */
static const char *
misfit(const struct ping *p)
{
	unsigned char addr[16];

	if (p->p_six && p->p_four)
		return "-4 and -6 cannot be used simultaneously";
	if (p->p_family == AF_INET6 && inet_pton(AF_INET, p->p_host, addr) == 1)
		return "IPv6 requested but IPv4 target address provided";
	if (p->p_family == AF_INET && inet_pton(AF_INET6, p->p_host, addr) == 1)
		return "IPv4 requested but IPv6 target address provided";
	return NULL;
}

static int
resolve(struct ping *p)
{
	p->p_to.sin_family = p->p_from.sin_family = AF_INET;
	if (misfit(p) != NULL) {
		cmd_warnx(p->p_cx, "%s", misfit(p));
		return 1;
	}
	if (!resolve_host(p)) {
		cmd_warnx(p->p_cx, "cannot resolve %s: Unknown host", p->p_host);
		return EX_NOHOST;
	}
	if (unfit(p) != NULL) {
		cmd_warnx(p->p_cx, "%s", unfit(p));
		return EX_USAGE;
	}
	if (p->p_source != NULL && !(p->p_family == AF_INET6 ? resolve6(p->p_source, &p->p_from6)
	    : inet_host(p->p_source, &p->p_from.sin_addr))) {
		cmd_warnx(p->p_cx, "cannot resolve %s: Unknown host", p->p_source);
		return EX_NOHOST;
	}
	if (p->p_size == SIZE_MAX)
		p->p_size = p->p_family == AF_INET6 ? 8 : 56;
	return 0;
}

static int
print_start(const struct ping *p)
{
	char to[INET_ADDRSTRLEN];

	if (p->p_family == AF_INET6)
		return ping6_start(p);
	inet_ntop(AF_INET, &p->p_to.sin_addr, to, sizeof(to));
	printf("PING %s (%s)", p->p_host, to);
	if (p->p_source != NULL)
		printf(" from %s", p->p_source);
	printf(": %zu data bytes\n", p->p_size);
	return 0;
}

static int
run(struct ping *p)
{
	int sigfd, status;

	if ((status = resolve(p)) != 0 || (status = ping_open(p)) != 0)
		return status;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if ((sigfd = make_sigfd()) < 0) {
		cmd_warnx(p->p_cx, "signalfd: %s", strerror(errno));
		return EX_OSERR;
	}
	if ((status = print_start(p)) == 0)
		loop(p, sigfd);
	close(sigfd);
	if (status != 0)
		return status;
	print_summary(p);
	return p->p_nreceived > 0 ? 0 : 2;
}

static int
bad_value(const struct ping *p, const char *what, const char *arg)
{
	cmd_warnx(p->p_cx, "invalid %s: `%s'", what, arg);
	return -1;
}

/* Seconds with a fraction. */
static int
set_interval(struct ping *p, const char *arg)
{
	char *end;
	double s = strtod(arg, &end);

	if (end == arg || *end != '\0' || !(s >= 0.0 && s <= 1e6))
		return bad_value(p, "timing interval", arg);
	p->p_interval = (uint64_t)(s * 1e9);
	if (p->p_interval < NS / 1000)
		p->p_interval = NS / 1000;
	return 0;
}

static int
set_number(struct ping *p, int ch, const char *arg)
{
	static const struct {
		int		 ch;
		const char	*what;
		long long	 min, max;
	} kinds[] = {
		{ 'b', "socket buffer size", 1, INT32_MAX },
		{ 'c', "count of packets to transmit", 1, INT32_MAX },
		{ 'C', "PCP", -1, 7 },
		{ 'G', "packet size", 1, MAXSIZE },
		{ 'g', "packet size", 0, MAXSIZE },
		{ 'h', "packet size increment", 1, MAXSIZE },
		{ 'l', "preload value", 0, 65536 },
		{ 'm', "TTL", 1, 255 },
		{ 's', "packet size", 0, MAXSIZE },
		{ 'T', "multicast TTL", 1, 255 },
		{ 't', "timeout", 1, INT32_MAX },
		{ 'z', "TOS", 0, 255 },
		{ 'W', "timing interval", 1, INT32_MAX },
	};
	size_t i = 0;
	long long n;

	while (kinds[i].ch != ch)
		i++;
	if (!cmd_number(arg, kinds[i].min, kinds[i].max, &n))
		return bad_value(p, kinds[i].what, arg);
	switch (ch) {
	case 'b': p->p_bufsize = (int)n; break;
	case 'c': p->p_count = n; break;
	case 'C': p->p_pcp = (int)n; break;
	case 'G': p->p_sweep.max = (size_t)n; break;
	case 'g': p->p_sweep.min = (size_t)n; break;
	case 'h': p->p_sweep.step = (size_t)n; break;
	case 'l': p->p_preload = n; break;
	case 'T': p->p_mttl = (int)n; break;
	case 'z': p->p_tos = (int)n; break;
	case 'm': p->p_ttl = (int)n; break;
	case 's': p->p_size = (size_t)n; break;
	case 't': p->p_timeout = (uint64_t)n * NS; break;
	default: p->p_waittime = (uint64_t)n * 1000000u; break;
	}
	return 0;
}

/* Up to 16 bytes in hexadecimal. */
static int
set_pattern(struct ping *p, const char *arg)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	size_t len = strlen(arg);

	if (len == 0 || len > 2 * sizeof(p->p_pattern) || arg[strspn(arg, digits)] != '\0')
		return bad_value(p, "pattern, it must be hexadecimal digits", arg);
	/* An odd number of them: the last is a byte of its own. */
	for (size_t i = 0; i < len; i += 2)
		p->p_pattern[p->p_patlen++] = (uint8_t)(i + 1 == len ? (strchr(digits, arg[i]) - digits) % 16 :
		    (strchr(digits, arg[i]) - digits) % 16 << 4 | (strchr(digits, arg[i + 1]) - digits) % 16);
	return 0;
}

/* What is asked for instead of an echo. */
static int
set_type(struct ping *p, const char *arg)
{
	if (arg[0] == 'M' || arg[0] == 'm')
		p->p_type = ICMP_ADDRESS;
	else if (arg[0] == 'T' || arg[0] == 't')
		p->p_type = ICMP_TIMESTAMP;
	else
		return bad_value(p, "message", arg);
	return 0;
}

/* An option without an argument; false: there is none. */
static bool
take_flag(struct ping *p, int ch)
{
	switch (ch) {
	case '4': p->p_family = AF_INET; p->p_four = true; break;
	case '6': p->p_family = AF_INET6; p->p_six = true; break;
	case 'A': p->p_misser = true; break;
	case 'a': p->p_audible = true; break;
	case 'D': p->p_dontfrag = true; break;
	case 'd': p->p_debug = true; break;
	case 'f': p->p_flood = true; break;
	case 'H': p->p_names = true; break;
	case 'L': p->p_noloop = true; break;
	case 'n': p->p_names = false; break;
	case 'o': p->p_one = true; break;
	case 'Q': p->p_noerrors = true; break;
	case 'q': p->p_quiet = true; break;
	case 'R': p->p_record = true; break;
	case 'r': p->p_dontroute = true; break;
	case 'v': p->p_verbose = true; break;
	default: return false;
	}
	return true;
}

static int
parse_options(struct ping *p, int argc, char **argv)
{
	int ch, bad = 0;

	while (bad == 0 && (ch = getopt(argc, argv, "+:46Aab:C:c:DdfG:g:Hh:I:i:Ll:M:m:noP:p:QqRrS:s:T:t:vW:z:")) != -1) {
		switch (ch) {
		case 'I': p->p_interface = optarg; break;
		case 'i': bad = set_interval(p, optarg); break;
		case 'M': bad = set_type(p, optarg); break;
		case 'P':
			cmd_warnx(p->p_cx, "-P: there is no IPsec");
			return EX_USAGE;
		case 'p': bad = set_pattern(p, optarg); break;
		case 'S': p->p_source = optarg; break;
		case '?':
		case ':': return cmd_usage(p->p_cx, ch, EX_USAGE);
		default:
			if (!take_flag(p, ch))
				bad = set_number(p, ch, optarg);
			break;
		}
	}
	if (bad != 0)
		return EX_USAGE;
	return optind + 1 == argc ? 0 : cmd_usage(p->p_cx, 0, EX_USAGE);
}

/* What does not go together, and what -G, -g and -h leave out. */
static int
settle(struct ping *p)
{
	const char *why = NULL;

	if (p->p_sweep.max == 0 && (p->p_sweep.min > 0 || p->p_sweep.step > 0))
		why = "-g and -h: only with -G";
	else if (p->p_sweep.max > 0 && p->p_size != SIZE_MAX)
		why = "Packet size and ping sweep are mutually exclusive";
	else if (p->p_sweep.min > p->p_sweep.max)
		why = "Maximum packet size must be no less than the minimum packet size";
	else
		why = unfit(p);
	if (why != NULL) {
		cmd_warnx(p->p_cx, "%s", why);
		return EX_USAGE;
	}
	if (p->p_sweep.max > 0) {
		p->p_sweep.step = p->p_sweep.step > 0 ? p->p_sweep.step : 1;
		p->p_size = p->p_sweep.min;
		p->p_sweep.each = p->p_count > 0 ? p->p_count : 1;
		p->p_count = ((long long)((p->p_sweep.max - p->p_sweep.min) / p->p_sweep.step) + 1) * p->p_sweep.each;
	}
	return 0;
}

static int
parse(struct ping *p, int argc, char **argv)
{
	int status = parse_options(p, argc, argv);

	return status != 0 ? status : settle(p);
}

int
cmd_ping(struct cmd_ctx *cx, int argc, char **argv)
{
	struct ping *p = calloc(1, sizeof(*p));
	int status;

	if (p == NULL) {
		cmd_warnx(cx, "out of memory");
		return EX_OSERR;
	}
	p->p_cx = cx;
	p->p_size = SIZE_MAX;	/* by family */
	p->p_pcp = -1;
	p->p_family = strcmp(cx->cx_prog, "ping6") == 0 ? AF_INET6 : AF_UNSPEC;
	p->p_interval = NS;
	p->p_sock = -1;
	p->p_tos = -1;
	p->p_type = ICMP_ECHO;
	if ((status = parse(p, argc, argv)) == 0) {
		p->p_host = argv[optind];
		status = run(p);
	}
	if (p->p_sock >= 0)
		close(p->p_sock);
	free(p->p_packet);
	free(p->p_buffer);
	free(p);
	return status;
}
