/* SPDX-License-Identifier: MIT */
/*
 * load.c - load ADDRESS PORT THREADS SECONDS: many connections a second to a web server. Each
 * thread connects with TLS, sends a request, reads the answer to its end, and begins again. Prints
 * "N connections in S s, client U us each", U of its own processor time. Fails with what failed.
 *
 * bench/tls compiles it. Its OpenSSL is a shared library whose functions it finds by name, so it
 * needs no header.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { THREADS_MAX = 256, NS = 1000000000 };

static struct {
	const void *(*method)(void);
	void *(*ctx_new)(const void *method);
	void *(*ssl_new)(void *ctx);
	void (*ssl_free)(void *ssl);
	int (*set_fd)(void *ssl, int fd);
	int (*connect)(void *ssl);
	int (*write)(void *ssl, const void *from, int len);
	int (*read)(void *ssl, void *to, int len);
} f;

static struct sockaddr_in server;
static void *ctx;
static uint64_t end_ns;

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

static void find(void *lib, const char *name, void *to)
{
	*(void **)to = dlsym(lib, name);
	if (!*(void **)to) {
		fprintf(stderr, "load: libssl lacks %s\n", name);
		exit(1);
	}
}

static void find_functions(void)
{
	void *lib = dlopen("libssl.so.3", RTLD_NOW);

	lib = lib ? lib : dlopen("libssl.so.1.1", RTLD_NOW);
	if (!lib) {
		fprintf(stderr, "load: %s\n", dlerror());
		exit(1);
	}
	find(lib, "TLS_client_method", &f.method);
	find(lib, "SSL_CTX_new", &f.ctx_new);
	find(lib, "SSL_new", &f.ssl_new);
	find(lib, "SSL_free", &f.ssl_free);
	find(lib, "SSL_set_fd", &f.set_fd);
	find(lib, "SSL_connect", &f.connect);
	find(lib, "SSL_write", &f.write);
	find(lib, "SSL_read", &f.read);
}

/* The last answer to a connection attempt may come when the time is over: it counts. */
static int talk(int fd)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	char answer[1024];
	void *ssl = f.ssl_new(ctx);
	int got = 0, len;

	if (f.set_fd(ssl, fd) == 1 && f.connect(ssl) == 1 &&
	    f.write(ssl, request, sizeof(request) - 1) > 0)
		while ((len = f.read(ssl, answer, sizeof(answer))) > 0)
			got += len;
	f.ssl_free(ssl);
	return got > 0;
}

static void *run(void *user)
{
	uint64_t *cnt = user;
	const int one = 1;
	/* Closing with a reset leaves no socket in TIME_WAIT, and so no lack of ports. */
	const struct linger reset = {.l_onoff = 1};

	while (clock_ns(CLOCK_MONOTONIC) < end_ns) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0)
			break;
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		if (connect(fd, (struct sockaddr *)&server, sizeof(server)) == 0)
			*cnt += (uint64_t)talk(fd);
		close(fd);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static uint64_t cnt[THREADS_MAX];
	pthread_t thread[THREADS_MAX];
	uint64_t start_ns = clock_ns(CLOCK_MONOTONIC), cpu_ns, all = 0;
	int threads = argc == 5 ? atoi(argv[3]) : 0;

	if (threads < 1 || threads > THREADS_MAX || inet_aton(argv[1], &server.sin_addr) == 0) {
		fprintf(stderr, "usage: load ADDRESS PORT THREADS SECONDS\n");
		return 2;
	}
	server.sin_family = AF_INET;
	server.sin_port = htons((uint16_t)atoi(argv[2]));
	find_functions();
	ctx = f.ctx_new(f.method());
	end_ns = start_ns + (uint64_t)atoi(argv[4]) * NS;
	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, run, &cnt[i]) != 0)
			return 1;
	for (int i = 0; i < threads; i++) {
		pthread_join(thread[i], NULL);
		all += cnt[i];
	}
	cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	printf("%llu connections in %.3f s, client %.0f us each\n", (unsigned long long)all,
	       (double)(clock_ns(CLOCK_MONOTONIC) - start_ns) / NS,
	       all ? (double)cpu_ns / 1000 / (double)all : 0);
	return all == 0;
}
