import { createServer, type Server } from 'node:https';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AddressList } from '@gatehouse/platform/outbound/address-list';
import { Outbound } from '@gatehouse/platform/outbound/guarded-fetch';
import { SectorIdentifiers } from '../../src/clients/sector-identifiers.service';
import { eventually } from '../support/eventually';
import { startProvider, type TestProvider } from '../support/provider';
import { register } from '../support/registration';

describe('a sector identifier (OIDC Registration 5)', () => {
  let folder: string;
  let server: Server;
  let document = '';
  let fetched = 0;
  /** Ends the responses that wait; undefined where none waits. */
  let waiting: (() => void)[] | undefined;
  let provider: TestProvider;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-sector-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost`;
    execFileSync('openssl', [...words.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const ca = readFileSync(cert, 'utf8');
    server = createServer({ key: readFileSync(key), cert: ca }, (_request, response) => {
      fetched++;
      response.setHeader('Content-Type', 'application/json');
      const answer = (): void => void response.end(document);
      if (waiting) waiting.push(answer);
      else answer();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    provider = await startProvider({ env: { GATEHOUSE_REGISTRATION: 'open', GATEHOUSE_REGISTRATION_RATE: '10/3600' } });
    // The guarded client itself, told to trust the certificate of this test.
    const allow = AddressList.parse(['127.0.0.0/8', '::1/128']) ?? AddressList.empty;
    const outbound = new Outbound({ allow, userAgent: 'test', ca });
    Object.assign(provider.app.get(SectorIdentifiers), { outbound });
  });
  afterAll(async () => {
    await provider.close();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = (localAddress = '127.0.0.1') =>
    register(
      provider,
      {
        redirect_uris: ['https://a.test/cb', 'https://b.test/cb'],
        subject_type: 'pairwise',
        sector_identifier_uri: `https://localhost:${(server.address() as AddressInfo).port}/sector.json`,
      },
      { localAddress },
    );

  it('lists every redirect URI, or the registration is rejected', async () => {
    document = JSON.stringify(['https://a.test/cb', 'https://b.test/cb', 'https://c.test/cb']);
    const made = await ask();
    expect([made.status, made.json()['subject_type']]).toEqual([201, 'pairwise']);
    for (document of ['["https://a.test/cb"]', '{}', '[1]', '<html>', '["https://a.test/cb","https://b.test/cb/"]']) {
      const answer = await ask();
      expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_client_metadata']);
      expect(answer.json()['error_description']).toMatch(/^sector_identifier_uri: /);
    }
    document = JSON.stringify('x'.repeat(100_000));
    expect((await ask()).status).toBe(400);
  });

  it('is fetched four at a time for one address, and concurrently for others', async () => {
    provider.clock.advance(3600);
    document = JSON.stringify(['https://a.test/cb', 'https://b.test/cb']);
    const slow: (() => void)[] = (waiting = []);
    const asked = Promise.all(Array.from({ length: 6 }, () => ask('127.0.0.10')));
    try {
      expect(
        await eventually(
          () => Promise.resolve(slow.length),
          (now) => now >= 4,
        ),
      ).toBe(4);
      waiting = undefined;
      expect((await ask('127.0.0.11')).status).toBe(201);
    } finally {
      waiting = undefined;
      for (const end of slow) end();
    }
    const statuses = (await asked).map(({ status }) => status).sort();
    expect(statuses).toEqual([201, 201, 201, 201, 429, 429]);
  });

  it('is not fetched above the rate limit', async () => {
    document = '[]';
    for (let n = 0; n < 12; n++) await ask('127.0.0.9');
    const before = fetched;
    expect((await ask('127.0.0.9')).status).toBe(429);
    expect(fetched).toBe(before);
  });
});
