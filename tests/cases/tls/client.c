/* SPDX-License-Identifier: MIT */
/*
 * client.c - client ADDRESS VERSION: a TLS client that contains its OpenSSL. It sends each line of
 * its standard input and prints what comes back. VERSION is 2 or 3, of TLS 1.
 */
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

static int talk(SSL *ssl)
{
	char line[256];
	int n;

	while (fgets(line, sizeof(line), stdin)) {
		if (SSL_write(ssl, line, (int)strlen(line)) <= 0)
			return 1;
		n = SSL_read(ssl, line, sizeof(line) - 1);
		if (n <= 0)
			return 1;
		line[n] = '\0';
		fputs(line, stdout);
		fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const int version = argc == 3 && argv[2][0] == '2' ? TLS1_2_VERSION : TLS1_3_VERSION;
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	BIO *connection = argc == 3 ? BIO_new_connect(argv[1]) : NULL;
	SSL *ssl = ctx ? SSL_new(ctx) : NULL;

	if (!ssl || !connection || BIO_do_connect(connection) <= 0)
		return 1;
	SSL_set_bio(ssl, connection, connection);
	if (SSL_set_min_proto_version(ssl, version) != 1 ||
	    SSL_set_max_proto_version(ssl, version) != 1 || SSL_connect(ssl) != 1)
		return 1;
	return talk(ssl);
}
