import type { ServerOptions } from 'node:https';

/** RFC 9325 4.2 (BCP 195): all recommended TLS 1.2 suites, with forward secrecy and authenticated encryption. */
const tls12 = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
];
/** RFC 8446 B.4; OpenSSL offers no weaker ones. */
const tls13 = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'];

/** TLS versions and cipher suites of the https listeners. */
export const tlsOptions = {
  minVersion: 'TLSv1.2',
  ciphers: [...tls13, ...tls12].join(':'),
  honorCipherOrder: true,
} as const satisfies ServerOptions;
