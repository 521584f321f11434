import type { RequestListener } from 'node:http';
import type { Client } from '@gatehouse/domain/oauth';
import { ClientsService } from '../../src/clients/clients.service';
import { send, type Answer } from '../support/browser';
import { startDocumentServer, type DocumentServer } from '../support/document-server';
import { eventually } from '../support/eventually';
import { authorizationRequest, authorizeUrl, post, startProvider, type TestProvider } from '../support/provider';
import { SetClientState } from '../../src/clients/operations/set-client-state';

const redirectUri = 'https://app.test/callback';
const hour = 3600;

describe('the bounds of lookups of metadata documents', () => {
  /** Of honest clients, and of those who attack them. */
  let honest: DocumentServer;
  let hostile: readonly DocumentServer[];
  let provider: TestProvider;
  let number = 0;
  beforeAll(async () => {
    honest = await startDocumentServer(redirectUri);
    hostile = await Promise.all(Array.from({ length: 8 }, () => startDocumentServer(redirectUri)));
  });
  beforeEach(async () => {
    provider = await startProvider({
      env: { GATEHOUSE_CLIENT_METADATA_DOCUMENTS: 'open', GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.1/32' },
    });
    honest.answer = undefined;
    honest.says = {};
    for (const server of hostile) server.answer = undefined;
  });
  afterEach(() => provider.close());
  afterAll(async () => {
    for (const server of [honest, ...hostile]) await server.close();
  });

  const parametersOf = (id: string, uri = redirectUri) =>
    authorizationRequest({ id, redirectUris: [uri] } as unknown as Client).parameters;
  const open = (id: string, localAddress = '127.0.0.1', uri = redirectUri): Promise<Answer> =>
    send(authorizeUrl(provider, parametersOf(id, uri)), { localAddress });
  const outcomeOf = async (id: string, localAddress?: string): Promise<'served' | 'limited' | 'refused'> => {
    const { status, text } = await open(id, localAddress);
    if (status === 303) return 'served';
    return text.includes('Too many client metadata documents') ? 'limited' : 'refused';
  };
  const newId = (server: DocumentServer): string => `${server.origin}/client-${++number}.json`;
  const fresh = (id: string) => provider.app.get(ClientsService).findFresh(id);
  const failing: RequestListener = (_request, response) => response.writeHead(500).end();

  /** Opens documents that are never sent, runs the test in the meantime, and lets them end. */
  async function whileSlow(
    ids: readonly (readonly [id: string, from: string])[],
    running: number,
    test: () => Promise<void>,
  ): Promise<void> {
    const waiting: (() => void)[] = [];
    for (const server of hostile)
      server.answer = (_request, response) => void waiting.push(() => response.writeHead(500).end());
    const pending = Promise.all(ids.map(([id, from]) => outcomeOf(id, from)));
    const count = (): Promise<number> => Promise.resolve(waiting.length);
    expect(await eventually(count, (now) => now === running)).toBe(running);
    try {
      await test();
    } finally {
      for (const end of waiting) end();
      await pending;
    }
  }

  it('let many requests for one document at once share one lookup', async () => {
    const id = newId(honest);
    const before = honest.asked;
    const from = (n: number): string => `127.0.2.${1 + n}`;
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, n) => outcomeOf(id, from(n))));
    expect(outcomes).toEqual(Array(20).fill('served'));
    expect(honest.asked).toBe(before + 1);
  });

  it('leave room for others while one address asks for twenty slow documents', async () => {
    const slow = Array.from({ length: 20 }, (_, n) => [newId(hostile[n % 8] ?? honest), '127.0.0.2'] as const);
    await whileSlow(slow, 6, async () => {
      expect(await outcomeOf(newId(honest))).toBe('served');
    });
  });

  it('are reached by one address first, and by the host only for many', async () => {
    const outcomes: string[] = [];
    for (let n = 0; n < 40; n++) outcomes.push(await outcomeOf(newId(honest), '127.0.0.2'));
    expect(outcomes.filter((each) => each === 'served')).toHaveLength(30);
    expect(outcomes.at(-1)).toBe('limited');
    expect(await outcomeOf(newId(honest), '127.0.0.3')).toBe('served');
    for (let n = 0; n < 40; n++) await outcomeOf(newId(honest), '127.0.0.4');
    const before = honest.asked;
    expect(await outcomeOf(newId(honest), '127.0.0.5')).toBe('limited');
    expect(honest.asked).toBe(before);
  });

  it('of a host and of addresses do not hold for documents that are known', async () => {
    const id = newId(honest);
    expect(await outcomeOf(id)).toBe('served');
    provider.clock.advance(hour);
    for (const from of ['127.0.0.1', '127.0.0.2', '127.0.0.3'])
      for (let n = 0; n < 31; n++) await outcomeOf(newId(honest), from);
    honest.says = { client_name: 'Another name' };
    expect(await outcomeOf(id)).toBe('served');
    expect((await fresh(id))?.name).toBe('Another name');
  });

  it('keep room for known documents, whatever strangers ask for', async () => {
    const id = newId(honest);
    expect(await outcomeOf(id)).toBe('served');
    provider.clock.advance(hour);
    const slow = Array.from(
      { length: 96 },
      (_, n) => [newId(hostile[n % 8] ?? honest), `127.0.1.${1 + Math.floor(n / 4)}`] as const,
    );
    await whileSlow(slow, 60, async () => {
      expect(await outcomeOf(newId(honest))).toBe('limited');
      honest.says = { client_name: 'Another name' };
      expect(await outcomeOf(id)).toBe('served');
      expect((await fresh(id))?.name).toBe('Another name');
    });
  });

  it('let a known client go on with what is stored while its document cannot be had, for a day', async () => {
    const id = newId(honest);
    expect(await outcomeOf(id)).toBe('served');
    provider.clock.advance(hour);
    honest.answer = failing;
    const before = honest.asked;
    expect(await outcomeOf(id)).toBe('served');
    expect(await outcomeOf(id)).toBe('served');
    // Not asked for again at once.
    expect(honest.asked - before).toBe(1);
    expect(provider.scan.text).toContain('is stale');
    provider.clock.advance(24 * hour);
    expect(await outcomeOf(id)).toBe('refused');
    honest.answer = undefined;
    provider.clock.advance(31);
    expect(await outcomeOf(id)).toBe('served');
  });

  it('leave room for known documents while one address asks for many slow ones that are known too', async () => {
    const id = newId(honest);
    expect(await outcomeOf(id)).toBe('served');
    const known = Array.from({ length: 24 }, (_, n) => newId(hostile[n % 8] ?? honest));
    for (const each of known) expect(await outcomeOf(each, '127.0.0.2')).toBe('served');
    provider.clock.advance(hour);
    const before = honest.asked;
    await whileSlow(
      known.map((each) => [each, '127.0.0.2'] as const),
      6,
      async () => {
        honest.says = { client_name: 'Another name' };
        expect(await outcomeOf(id)).toBe('served');
        expect((await fresh(id))?.name).toBe('Another name');
      },
    );
    expect(honest.asked).toBe(before + 1);
  });

  it('do not end a known client by our own limits, however long they are reached', async () => {
    const id = newId(honest);
    expect(await outcomeOf(id)).toBe('served');
    const known = Array.from({ length: 8 }, (_, n) => newId(hostile[n % 8] ?? honest));
    for (const each of known) expect(await outcomeOf(each, '127.0.0.2')).toBe('served');
    provider.clock.advance(30 * hour);
    const before = honest.asked;
    await whileSlow(
      known.map((each) => [each, '127.0.0.2'] as const),
      6,
      async () => {
        expect(await outcomeOf(id, '127.0.0.2')).toBe('served');
        expect(honest.asked).toBe(before);
        provider.clock.advance(30 * hour);
        expect(await outcomeOf(id, '127.0.0.2')).toBe('served');
        expect(honest.asked).toBe(before);
      },
    );
    // A host that fails when its time is over ends it, and our limits do not bring it back.
    honest.answer = failing;
    expect(await outcomeOf(id)).toBe('refused');
    provider.clock.advance(31);
    await whileSlow(
      known.map((each) => [each, '127.0.0.2'] as const),
      6,
      async () => expect(await outcomeOf(id, '127.0.0.2')).toBe('limited'),
    );
  });

  it('do not serve what is stored where the document is there and wrong', async () => {
    const id = newId(honest);
    expect(await outcomeOf(id)).toBe('served');
    provider.clock.advance(hour);
    honest.says = { client_id: 'https://other.test/client.json' };
    expect(await outcomeOf(id)).toBe('refused');
    expect(await outcomeOf(id)).toBe('refused');
  });

  it('do not lift a ban while the document cannot be had', async () => {
    const id = newId(honest);
    expect(await outcomeOf(id)).toBe('served');
    await provider.execute(SetClientState, { id, decision: 'disable' });
    provider.clock.advance(hour);
    honest.answer = failing;
    expect(await outcomeOf(id)).toBe('refused');
  });

  it('make a pushed request look at a stale document too', async () => {
    const id = newId(honest);
    expect(await outcomeOf(id)).toBe('served');
    provider.clock.advance(hour);
    honest.says = { client_name: 'Another name', redirect_uris: ['https://app.test/new'] };
    const parameters = parametersOf(id, 'https://app.test/new') as Record<string, string>;
    expect((await post(`${provider.base}/oauth/par`, parameters)).status).toBe(201);
    expect((await fresh(id))?.name).toBe('Another name');
  });
});
