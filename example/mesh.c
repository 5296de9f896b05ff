/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network of a thousand stacks and a thousand concurrent TCP transfers through lossy links, in virtual time: what each transfer gets, and how fair
 * that is.  The same seed gives the same output, and the same capture file, to the byte.
 *
 *	mesh [-t chain|tree|mesh] [-n nodes] [-f transfers] [-d seconds] [-s seed] [-l loss] [-r Mbit] [-c congestion control] [-w file.pcapng]
 *
 * -w records both ends of the first transfer's path.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vimage/ifnet.h>
#include <vimage/pcap.h>
#include <vimage/route.h>
#include <vimage/socket.h>
#include <vimage/sysctl.h>
#include <vimage/vimage.h>

#define CHECK(expr) do { int e_ = (expr); if (e_ != 0) { fprintf(stderr, "mesh: %s: %s\n", #expr, strerror(e_)); exit(1); } } while (0)
#define MS	1000000ull
#define SEC	1000000000ull
#define FAR	20		/* hops between partners on a chain; the others are never further than a TTL reaches */
#define PORT	5001
#define NOBODY	UINT32_MAX

static const struct vi_cred root = { .cr_priv = true };

struct options { const char *topology, *cc, *file; unsigned nodes, flows; double seconds, loss, mbit; uint64_t seed; };

struct link { uint32_t a, b; char ifa[VI_IFNAMSIZ], ifb[VI_IFNAMSIZ]; uint32_t neta; };	/* a has the even address of neta/31, b the odd one */
struct edge { uint32_t to, link; };
struct node { struct vi_vnet *vn; struct edge *edges; unsigned nedges; };

struct flow {
	struct net	*net;
	uint32_t	 src, dst;
	uint16_t	 port;
	struct vi_socket *listener, *client, *server;
	uint64_t	 bytes;		/* that arrived */
};

struct net {
	struct options	 o;
	struct vi_host	*host;
	struct vi_kernel *kernel;
	struct node	*nodes;
	struct link	*links;
	struct flow	*flows;
	uint32_t	 nlinks;
	uint32_t	*from, *queue;		/* of the search for paths */
	uint64_t	 chance;
};

static void *
need(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL) {
		fprintf(stderr, "mesh: no memory\n");
		exit(1);
	}
	return (p);
}

/* The topology's own chance, so that it does not depend on what the stacks draw. */
static uint32_t
below(struct net *net, uint32_t limit)
{
	net->chance = net->chance * 6364136223846793005u + 1442695040888963407u;
	return ((uint32_t)((net->chance >> 32) * limit >> 32));
}

static struct vi_sockaddr
addr(uint32_t host, uint16_t port)
{
	return ((struct vi_sockaddr){ .sa_family = VI_AF_INET, .sa_port = htons(port), .sa_in = htonl(host) });
}

static uint32_t
node_addr(uint32_t n)
{
	return (0x0a000000 + n + 1);		/* 10.0.0.0/8 */
}

static void
give_addr(struct vi_vnet *vn, const char *ifname, uint32_t host, uint8_t len)
{
	struct vi_ifaddr ia = { .ia_addr = addr(host, 0), .ia_prefixlen = len };

	CHECK(vi_if_addr_add(vn, ifname, &ia, true));
	CHECK(vi_if_set_flags(vn, ifname, VI_IFF_UP, 0));
}

/* Nodes and links */

static void
add_edge(struct net *net, uint32_t from, uint32_t to, uint32_t link)
{
	struct node *n = &net->nodes[from];

	n->edges = realloc(n->edges, (n->nedges + 1) * sizeof(n->edges[0]));
	if (n->edges == NULL)
		exit(1);
	n->edges[n->nedges++] = (struct edge){ to, link };
}

static void
join(struct net *net, uint32_t a, uint32_t b)
{
	struct link *l = &net->links[net->nlinks];
	struct vi_linkprops lp = {
		.lp_delay = (1 + below(net, 10)) * MS,
		.lp_rate = (uint64_t)(net->o.mbit * 1e6),
		.lp_queue = 64,
		.lp_loss = net->o.loss,
	};

	*l = (struct link){ .a = a, .b = b, .neta = 0xac100000 + 2 * net->nlinks };	/* 172.16.0.0/12 */
	CHECK(vi_if_cable(net->nodes[a].vn, net->nodes[b].vn, l->ifa, l->ifb));
	give_addr(net->nodes[a].vn, l->ifa, l->neta, 31);
	give_addr(net->nodes[b].vn, l->ifb, l->neta + 1, 31);
	CHECK(vi_if_set_link(net->nodes[a].vn, l->ifa, &lp));
	CHECK(vi_if_set_link(net->nodes[b].vn, l->ifb, &lp));
	add_edge(net, a, b, net->nlinks);
	add_edge(net, b, a, net->nlinks++);
}

static void
make_nodes(struct net *net)
{
	char name[32];

	net->nodes = need(net->o.nodes, sizeof(net->nodes[0]));
	for (uint32_t i = 0; i < net->o.nodes; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		CHECK(vi_vnet_create(net->kernel, name, &net->nodes[i].vn));
		CHECK(vi_sysctl_set(net->nodes[i].vn, "net.inet6.ip6.auto_linklocal", "0", &root));
		CHECK(vi_sysctl_set(net->nodes[i].vn, "net.inet.ip.forwarding", "1", &root));
		if (vi_sysctl_set(net->nodes[i].vn, "net.inet.tcp.cc.algorithm", net->o.cc, &root) != 0) {
			fprintf(stderr, "mesh: no congestion control of this name: %s\n", net->o.cc);
			exit(64);
		}
		give_addr(net->nodes[i].vn, "lo0", node_addr(i), 32);
	}
}

static void
make_links(struct net *net)
{
	const uint32_t n = net->o.nodes;
	uint32_t width = 1;

	while (width * width < n)
		width++;
	net->links = need(2 * n, sizeof(net->links[0]));
	for (uint32_t i = 1; i < n; i++) {
		if (strcmp(net->o.topology, "chain") == 0)
			join(net, i - 1, i);
		else if (strcmp(net->o.topology, "tree") == 0)
			join(net, (i - 1) / 2, i);
		else {
			if (i % width != 0)
				join(net, i - 1, i);
			if (i >= width)
				join(net, i - width, i);
		}
	}
}

/* Routes: host routes along the shortest path, which is the same for everybody who goes to dst. */
static void
search(struct net *net, uint32_t dst)
{
	uint32_t head = 0, tail = 0;

	for (uint32_t i = 0; i < net->o.nodes; i++)
		net->from[i] = NOBODY;
	net->from[dst] = dst;
	net->queue[tail++] = dst;
	while (head < tail) {
		const struct node *n = &net->nodes[net->queue[head++]];

		for (unsigned e = 0; e < n->nedges; e++) {
			if (net->from[n->edges[e].to] != NOBODY)
				continue;
			net->from[n->edges[e].to] = net->queue[head - 1];
			net->queue[tail++] = n->edges[e].to;
		}
	}
}

static void
add_route(struct net *net, uint32_t at, uint32_t via, uint32_t dst)
{
	struct vi_route rt = { .rt_dst = addr(node_addr(dst), 0), .rt_prefixlen = 32 };
	const struct node *n = &net->nodes[at];
	unsigned e = 0;
	int error;

	while (n->edges[e].to != via)
		e++;
	rt.rt_gateway = addr(net->links[n->edges[e].link].neta + (net->links[n->edges[e].link].a == at), 0);
	error = vi_route_add(n->vn, &rt);
	CHECK(error == EEXIST ? 0 : error);
}

static void
make_path(struct net *net, uint32_t src, uint32_t dst)
{
	search(net, dst);
	for (uint32_t i = src; i != dst; i = net->from[i])
		add_route(net, i, net->from[i], dst);
}

/* Transfers */

static void
client_ready(struct vi_socket *so, unsigned events, void *arg)
{
	static const char data[16384];
	size_t n;

	(void)arg;
	while ((events & VI_POLLOUT) && vi_send(so, data, sizeof(data), 0, &n) == 0)
		;
}

static void
server_ready(struct vi_socket *so, unsigned events, void *arg)
{
	struct flow *f = arg;
	char buf[16384];
	size_t n;

	while ((events & VI_POLLIN) && vi_recv(so, buf, sizeof(buf), 0, &n) == 0 && n > 0)
		f->bytes += n;
}

static void
listener_ready(struct vi_socket *so, unsigned events, void *arg)
{
	struct flow *f = arg;

	if ((events & VI_POLLIN) && f->server == NULL && vi_accept(so, &f->server, NULL) == 0)
		vi_socket_upcall(f->server, server_ready, f);
}

/* At its time. */
static void
flow_start(void *arg)
{
	struct flow *f = arg;
	struct vi_sockaddr self = addr(node_addr(f->src), 0), server = addr(node_addr(f->dst), f->port);
	int error;

	CHECK(vi_socket(f->net->nodes[f->src].vn, VI_AF_INET, VI_SOCK_STREAM, 0, &root, &f->client));
	CHECK(vi_bind(f->client, &self));
	vi_socket_upcall(f->client, client_ready, f);
	error = vi_connect(f->client, &server);
	CHECK(error == EINPROGRESS ? 0 : error);
}

static void
flow_listen(struct flow *f)
{
	struct vi_sockaddr self = addr(node_addr(f->dst), f->port);

	CHECK(vi_socket(f->net->nodes[f->dst].vn, VI_AF_INET, VI_SOCK_STREAM, 0, &root, &f->listener));
	CHECK(vi_bind(f->listener, &self));
	CHECK(vi_listen(f->listener, 1));
	vi_socket_upcall(f->listener, listener_ready, f);
}

static uint32_t
partner(struct net *net, uint32_t src)
{
	const uint32_t n = net->o.nodes;
	uint32_t dst;

	do {
		if (strcmp(net->o.topology, "chain") == 0)
			dst = src + below(net, 2 * FAR + 1) - FAR;
		else
			dst = below(net, n);
	} while (dst == src || dst >= n);
	return (dst);
}

static void
make_flows(struct net *net)
{
	net->flows = need(net->o.flows, sizeof(net->flows[0]));
	for (uint32_t i = 0; i < net->o.flows; i++) {
		struct flow *f = &net->flows[i];

		f->net = net;
		f->src = i % net->o.nodes;
		f->dst = partner(net, f->src);
		f->port = (uint16_t)(PORT + i);
		make_path(net, f->src, f->dst);
		make_path(net, f->dst, f->src);
		flow_listen(f);
		CHECK(vi_kernel_at(net->kernel, below(net, 100) * MS, flow_start, f));
	}
}

/* Results */

static int
by_bytes(const void *a, const void *b)
{
	const struct flow *x = a, *y = b;

	return (x->bytes < y->bytes ? -1 : x->bytes > y->bytes);
}

static void
print_links(const struct net *net)
{
	uint64_t frames = 0, lost = 0, full = 0;
	struct vi_linkstats lk;

	for (uint32_t i = 0; i < 2 * net->nlinks; i++) {
		const struct link *l = &net->links[i / 2];

		CHECK(vi_if_get_link(net->nodes[i % 2 ? l->b : l->a].vn, i % 2 ? l->ifb : l->ifa, NULL, &lk));
		frames += lk.lk_frames;
		lost += lk.lk_lost;
		full += lk.lk_qdrops;
	}
	printf("frames: %llu sent, %llu lost, %llu dropped by full queues\n", (unsigned long long)frames, (unsigned long long)lost,
	    (unsigned long long)full);
}

static void
print_flows(struct net *net)
{
	const uint32_t n = net->o.flows;
	const double unit = 8e-6 / net->o.seconds;		/* bytes to Mbit/s */
	double sum = 0, squares = 0;

	qsort(net->flows, n, sizeof(net->flows[0]), by_bytes);
	for (uint32_t i = 0; i < n; i++) {
		sum += (double)net->flows[i].bytes * unit;
		squares += (double)net->flows[i].bytes * unit * (double)net->flows[i].bytes * unit;
	}
	printf("goodput: %.3f Mbit/s in all; a transfer's least %.3f, median %.3f, most %.3f\n", sum, (double)net->flows[0].bytes * unit,
	    (double)net->flows[n / 2].bytes * unit, (double)net->flows[n - 1].bytes * unit);
	printf("fairness: %.4f (Jain's index of the transfers' goodput)\n", squares > 0 ? sum * sum / (n * squares) : 0);
}

static int
file_write(void *arg, const void *data, size_t len)
{
	return (fwrite(data, 1, len, arg) == len ? 0 : errno);
}

/* The first interface of the two nodes that the first transfer joins. */
static struct vi_pcap *
record(struct net *net, FILE *f)
{
	const uint32_t ends[] = { net->flows[0].src, net->flows[0].dst };
	struct vi_pcap *pc;

	CHECK(vi_pcap_new(net->kernel, file_write, f, &pc));
	for (unsigned i = 0; i < 2; i++) {
		const struct node *n = &net->nodes[ends[i]];

		for (unsigned e = 0; e < n->nedges; e++) {
			const struct link *l = &net->links[n->edges[e].link];

			CHECK(vi_pcap_add(pc, n->vn, l->a == ends[i] ? l->ifa : l->ifb));
		}
	}
	return (pc);
}

static int
run(struct net *net)
{
	struct vi_pcap *pc = NULL;
	FILE *f = NULL;
	unsigned leaks;

	net->from = need(net->o.nodes, sizeof(net->from[0]));
	net->queue = need(net->o.nodes, sizeof(net->queue[0]));
	make_nodes(net);
	make_links(net);
	make_flows(net);
	if (net->o.file != NULL) {
		if ((f = fopen(net->o.file, "wb")) == NULL) {
			perror(net->o.file);
			return (1);
		}
		pc = record(net, f);
	}
	printf("%s: %u nodes, %u links, %u transfers, %g s, seed %llu\n", net->o.topology, net->o.nodes, net->nlinks, net->o.flows,
	    net->o.seconds, (unsigned long long)net->o.seed);
	vi_kernel_run(net->kernel, (uint64_t)(net->o.seconds * (double)SEC), NULL);
	print_flows(net);
	print_links(net);
	CHECK(vi_pcap_free(pc));
	if (f != NULL && fclose(f) != 0) {
		perror(net->o.file);
		return (1);
	}
	for (uint32_t i = 0; i < net->o.flows; i++) {
		struct vi_socket *const sockets[] = { net->flows[i].listener, net->flows[i].client, net->flows[i].server };

		for (unsigned s = 0; s < 3; s++)
			if (sockets[s] != NULL)		/* a transfer whose time did not come has a listener only */
				vi_close(sockets[s]);
	}
	leaks = vi_kernel_free(net->kernel, NULL, NULL);
	vi_host_sim_free(net->host);
	for (uint32_t i = 0; i < net->o.nodes; i++)
		free(net->nodes[i].edges);
	free(net->nodes);
	free(net->links);
	free(net->flows);
	free(net->from);
	free(net->queue);
	return (leaks != 0);
}

/* A whole argument that is a number between both. */
static int
number(const char *text, double least, double most, double *n)
{
	char *end;

	*n = strtod(text, &end);
	return (end != text && *end == '\0' && *n >= least && *n <= most ? 0 : 64);
}

/* The same without a fraction. */
static int
count(const char *text, unsigned least, unsigned most, unsigned *n)
{
	double d;

	if (number(text, least, most, &d) != 0 || d != (unsigned)d)
		return (64);
	*n = (unsigned)d;
	return (0);
}

static int
seed(const char *text, uint64_t *n)
{
	char *end;

	errno = 0;
	*n = strtoull(text, &end, 0);
	return (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 ? 0 : 64);
}

static int
parse(struct options *o, int argc, char **argv)
{
	int ch, error = 0;

	while ((ch = getopt(argc, argv, "c:d:f:l:n:r:s:t:w:")) != -1) {
		switch (ch) {
		case 'c': o->cc = optarg; break;
		case 'd': error |= number(optarg, 1e-9, 1e6, &o->seconds); break;
		case 'f': error |= count(optarg, 1, 60000, &o->flows); break;
		case 'l': error |= number(optarg, 0, 1, &o->loss); break;
		case 'n': error |= count(optarg, 2, 100000, &o->nodes); break;
		case 'r': error |= number(optarg, 1e-6, 1e9, &o->mbit); break;
		case 's': error |= seed(optarg, &o->seed); break;
		case 't': o->topology = optarg; break;
		case 'w': o->file = optarg; break;
		default: return (64);
		}
	}
	if (optind != argc || (strcmp(o->topology, "chain") != 0 && strcmp(o->topology, "tree") != 0 && strcmp(o->topology, "mesh") != 0))
		return (64);
	return (error);
}

int
main(int argc, char **argv)
{
	struct net net = { .o = { .topology = "mesh", .cc = "cubic", .nodes = 1000, .flows = 1000, .seconds = 2, .loss = 0.001, .mbit = 10, .seed = 1 } };

	if (parse(&net.o, argc, argv) != 0) {
		fprintf(stderr, "usage: mesh [-t chain|tree|mesh] [-n nodes] [-f transfers] [-d seconds] [-s seed] [-l loss] [-r Mbit]\n"
		    "\t[-c congestion control] [-w file.pcapng]\n");
		return (64);
	}
	net.chance = net.o.seed;
	CHECK(vi_host_sim_new(net.o.seed, &net.host));
	CHECK(vi_kernel_new(&(struct vi_kernel_params){ .kp_host = net.host }, &net.kernel));
	return (run(&net));
}
