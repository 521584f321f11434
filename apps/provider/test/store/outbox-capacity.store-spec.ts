import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { ClientDraft } from '@gatehouse/domain/oauth';
import { maxUnapprovedPerSession } from '../../src/protocol/logout/backchannel-logout.service';
import type { Delivery, OutboxKind } from '../../src/outbox/outbox-kind';
import { Outbox } from '../../src/outbox/outbox.service';
import { Browser } from '../support/browser';
import { engines } from '../support/engines';
import { authorize, startProvider, type TestProvider } from '../support/provider';
import { SmtpServer } from '../support/smtp-server';

jest.setTimeout(120_000);

const hangingServers = 96;

/** Servers that accept connections and never answer, each at an origin of its own. */
class HangingServers {
  private readonly servers: Server[] = [];
  private readonly sockets = new Set<Socket>();
  readonly origins: string[] = [];
  connections = 0;

  async start(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const server = createServer((socket) => {
        this.connections++;
        this.sockets.add(socket);
        socket.on('error', () => undefined).on('close', () => this.sockets.delete(socket));
        socket.resume();
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      this.servers.push(server);
      this.origins.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    }
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(this.servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** Waits for a condition for less time than one hanging delivery takes (10 s). */
async function soon(isMet: () => boolean | Promise<boolean>): Promise<boolean> {
  const until = Date.now() + 8000;
  while (!(await isMet())) {
    if (Date.now() > until) return false;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return true;
}

describe.each(engines)('the capacity of the outbox on %s', (_name, engineOf) => {
  const engine = engineOf();
  const smtp = new SmtpServer();
  let smtpUrl: string;
  let hanging: HangingServers;
  let provider: TestProvider;
  beforeAll(async () => {
    await engine.start();
    smtpUrl = await smtp.start();
  });
  afterAll(async () => {
    await smtp.stop();
    await engine.stop();
  });
  beforeEach(async () => {
    smtp.received.length = 0;
    hanging = new HangingServers();
    await hanging.start(hangingServers);
    provider = await startProvider({
      databaseUrl: await engine.migratedUrl(),
      env: { GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.0/8', GATEHOUSE_SMTP_URL: smtpUrl, GATEHOUSE_MAIL_FROM: 'door@g.test' },
    });
  });
  afterEach(async () => {
    await hanging.stop();
    await provider.close();
  });

  const waitingOf = async (kind: string): Promise<number> =>
    (await provider.app.get(Outbox).list({ failedOnly: false, limit: 1000 })).filter((each) => each.kind === kind)
      .length;

  /** A person who signed in to a client for each address, and signs out again. */
  async function signOutOf(addresses: readonly string[], more: Partial<ClientDraft> = {}): Promise<string[]> {
    const browser = await provider.logIn(await provider.addUser());
    const ids: string[] = [];
    for (const backchannelLogoutUri of addresses) {
      const { client } = await provider.addClient({ consentRequired: false, backchannelLogoutUri, ...more });
      await authorize(provider, browser, client);
      ids.push(client.id);
    }
    await browser.open(`${provider.base}/logout`);
    expect((await browser.submit({ logout: 'yes' })).status).toBe(200);
    return ids;
  }

  async function requestPasswordReset(email: string): Promise<void> {
    const browser = new Browser();
    await browser.open(`${provider.base}/password/forgot`);
    expect((await browser.submit({ email })).status).toBe(200);
  }

  it(`delivers mail while ${hangingServers} back-channel logouts hang`, async () => {
    await provider.addUser({ email: 'mail@people.test' });
    await signOutOf(hanging.origins.map((origin) => `${origin}/logout`));
    expect(await soon(() => hanging.connections > 0)).toBe(true);
    await requestPasswordReset('mail@people.test');
    expect(await soon(() => smtp.received.some(({ to }) => to.includes('mail@people.test')))).toBe(true);
    // None of them was given up or delivered in the meantime: the mail did not wait for one of their places.
    expect(await waitingOf('backchannel-logout')).toBe(hangingServers);
  });

  it('delivers logouts of approved clients while those of unapproved clients hang, at the same origin too', async () => {
    const addresses = hanging.origins.map((origin) => `${origin}/logout`);
    for (let start = 0; start < hangingServers; start += maxUnapprovedPerSession)
      await signOutOf(addresses.slice(start, start + maxUnapprovedPerSession), { source: 'registration' });
    expect(await soon(() => hanging.connections > 0)).toBe(true);
    const hung = hanging.connections;
    await signOutOf([addresses[0] ?? '']);
    // The approved client's own message is on its way although all places of unapproved clients are taken.
    expect(await soon(() => hanging.connections > hung)).toBe(true);
    expect(await waitingOf('backchannel-logout-unapproved')).toBe(hangingServers);
    const messages = await provider.app.get(Outbox).list({ failedOnly: false, limit: 1000 });
    expect(messages.filter(({ kind }) => kind === 'backchannel-logout')).toMatchObject([{ state: 'being delivered' }]);
    const running = messages.filter(({ kind, state }) => kind.endsWith('unapproved') && state === 'being delivered');
    expect(running.length).toBeLessThanOrEqual(4);
  });

  it('sends a bounded number of logouts to unapproved clients when a session ends, and all to approved ones', async () => {
    const addresses = hanging.origins.slice(0, maxUnapprovedPerSession + 5).map((origin) => `${origin}/logout`);
    await signOutOf(addresses, { source: 'registration' });
    expect(await waitingOf('backchannel-logout-unapproved')).toBe(maxUnapprovedPerSession);
    await signOutOf(addresses);
    expect(await waitingOf('backchannel-logout')).toBe(addresses.length);
  });

  it('attempts as many of a kind at once as its capacity, each kind independently of the others', async () => {
    const [slow, quick] = [new Receiver('slow', 3), new Receiver('quick', 1)];
    slow.answer = (signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    const outbox = provider.app.get(Outbox);
    for (const kind of [slow, quick]) outbox.register(kind);
    await provider.store.run(async (unit) => {
      // More rows than one query reads, all due before the message behind them.
      for (let index = 0; index < 200; index++)
        await outbox.add(unit, { kind: 'slow', destination: `d${index}`, payload: index }, provider.clock.now());
    });
    provider.clock.advance(1);
    await provider.store.run((unit) =>
      outbox.add(unit, { kind: 'quick', destination: 'd0', payload: 1 }, provider.clock.now()),
    );
    expect(await soon(() => quick.attempts === 1)).toBe(true);
    expect(await soon(() => slow.attempts === 3)).toBe(true);
    expect(await soon(async () => (await waitingOf('quick')) === 0)).toBe(true);
    expect(slow.attempts).toBe(3);
  });

  it('holds back a destination that is down for the kind that failed there, not for others', async () => {
    const [failing, working] = [new Receiver('failing', 2), new Receiver('working', 2)];
    failing.answer = () => Promise.resolve({ outcome: 'retry', reason: 'down', destinationDown: true });
    const outbox = provider.app.get(Outbox);
    for (const kind of [failing, working]) outbox.register(kind);
    await provider.store.run(async (unit) => {
      for (let index = 0; index < 20; index++)
        for (const kind of ['failing', 'working'])
          await outbox.add(unit, { kind, destination: 'shared', payload: index }, provider.clock.now());
    });
    expect(await soon(async () => (await waitingOf('working')) === 0)).toBe(true);
    expect(await waitingOf('failing')).toBe(20);
  });
});

class Receiver implements OutboxKind {
  readonly lifetimeSeconds = 3600;
  readonly maxAttempts = 3;
  attempts = 0;
  answer: (signal: AbortSignal) => Promise<Delivery> = () => Promise.resolve({ outcome: 'delivered' });

  constructor(
    readonly name: string,
    readonly maxAtOnce = 4,
  ) {}

  deliver(_payload: unknown, { signal }: { signal: AbortSignal }): Promise<Delivery> {
    this.attempts++;
    return this.answer(signal);
  }
}
