/* SPDX-License-Identifier: MIT */
/* cert.h - the certificate and private key (DER) of the handshakes. */
#ifndef BPFCAP_TOOLS_TLS_LAYOUT_CERT_H
#define BPFCAP_TOOLS_TLS_LAYOUT_CERT_H

#include <stdint.h>

extern const uint8_t cert_der[280];
extern const uint8_t cert_key_der[121];

#endif
