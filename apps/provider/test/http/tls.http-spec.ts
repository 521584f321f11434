import { connect, type ConnectionOptions } from 'node:tls';
import { startProvider, type TestProvider } from '../support/provider';

let provider: TestProvider;
beforeAll(async () => (provider = await startProvider({ tls: true })));
afterAll(() => provider.close());

/** The suite that the server chose, or the reason why there is none. The certificate has an ECDSA key. */
function handshake(options: ConnectionOptions): Promise<string> {
  const { hostname, port } = new URL(provider.issuer);
  return new Promise((resolve) => {
    const socket = connect(
      // SECLEVEL 0: the client offers whatever it is told to, broken suites and versions too.
      { host: hostname, port: Number(port), servername: hostname, rejectUnauthorized: false, ...options },
      () => {
        resolve(`${socket.getProtocol()} ${socket.getCipher().name}`);
        socket.destroy();
      },
    );
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

describe('https (RFC 9325, BCP 195)', () => {
  const tls12 = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;

  it.each(['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384'])('offers %s in TLS 1.2', async (name) => {
    expect(await handshake({ ...tls12, ciphers: name })).toBe(`TLSv1.2 ${name}`);
  });

  it.each([
    'ECDHE-ECDSA-AES128-SHA256',
    'ECDHE-ECDSA-AES256-SHA384',
    'ECDHE-ECDSA-AES128-SHA',
    'ECDHE-ECDSA-AES256-SHA',
    'ECDHE-ECDSA-AES128-CCM',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-ECDSA-CAMELLIA128-SHA256',
    'AES128-GCM-SHA256',
    'AES256-SHA',
  ])('does not offer %s', async (name) => {
    expect(await handshake({ ...tls12, ciphers: `${name}:@SECLEVEL=0` })).toMatch(/HANDSHAKE_FAILURE|NO_CIPHER/);
  });

  it.each(['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'])(
    'offers %s in TLS 1.3',
    async (name) => {
      expect(await handshake({ minVersion: 'TLSv1.3', ciphers: name })).toBe(`TLSv1.3 ${name}`);
    },
  );

  it.each(['TLSv1', 'TLSv1.1'] as const)('refuses %s', async (version) => {
    const options = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' };
    expect(await handshake(options)).toMatch(/PROTOCOL_VERSION|NO_PROTOCOLS/);
  });
});
