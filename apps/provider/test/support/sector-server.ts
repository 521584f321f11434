import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AddressList } from '@gatehouse/platform/outbound/address-list';
import { Outbound } from '@gatehouse/platform/outbound/guarded-fetch';
import { SectorIdentifiers } from '../../src/clients/sector-identifiers.service';
import type { TestProvider } from './provider';

/** A host that vouches for redirect URIs at every path, as JSON over TLS. */
export interface SectorServer {
  readonly origin: string;
  /** The paths that were fetched. */
  readonly asked: string[];
  /** Lets a provider trust its certificate, with the guarded client itself. */
  trustedBy(provider: TestProvider): void;
  close(): void;
}

export async function startSectorServer(redirectUris: readonly string[]): Promise<SectorServer> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-sector-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost`;
  execFileSync('openssl', [...words.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const ca = readFileSync(cert, 'utf8');
  const asked: string[] = [];
  const server = createServer({ key: readFileSync(key), cert: ca }, (request, response) => {
    asked.push(request.url ?? '');
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(redirectUris));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const allow = AddressList.parse(['127.0.0.0/8', '::1/128']) ?? AddressList.empty;
  return {
    // It listens at a port, and not at a path.
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    asked,
    trustedBy: ({ app }) =>
      void Object.assign(app.get(SectorIdentifiers), { outbound: new Outbound({ allow, userAgent: 'test', ca }) }),
    close: () => {
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
