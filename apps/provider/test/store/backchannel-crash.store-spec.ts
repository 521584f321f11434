import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leaseSeconds } from '../../src/outbox/outbox.service';
import { Browser } from '../support/browser';
import { engines } from '../support/engines';
import { startLogoutReceiver, type LogoutReceiver } from '../support/logout-receiver';
import { authorize, basic, post, type TestProvider } from '../support/provider';
import { buildProvider, runCommand, runProvider, shiftedClock } from '../support/processes';
import { claimsOf, type Tokens } from '../support/tokens';

jest.setTimeout(240_000);

const password = 'a password for the crash';
const redirectUri = 'https://client.test/callback';

describe.each(engines)('a kill -9 on %s', (_name, engineOf) => {
  const engine = engineOf();
  let receiver: LogoutReceiver;
  let folder: string;
  beforeAll(async () => {
    await buildProvider();
    await engine.start();
    receiver = await startLogoutReceiver();
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-crash-'));
  });
  afterAll(async () => {
    await receiver.close();
    await engine.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('loses no logout that was answered: another process tells it (OpenID Connect Back-Channel Logout 1.0)', async () => {
    const env = {
      GATEHOUSE_DATABASE_URL: await engine.migratedUrl(),
      GATEHOUSE_SECRET_KEY: randomBytes(32).toString('base64url'),
      GATEHOUSE_ISSUER: 'http://127.0.0.1:1',
      GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.0/8',
    };
    const first = await runProvider(env);
    await runCommand(['user', 'add', '--username', 'ada', '--password-stdin'], env, password);
    const file = join(folder, 'client.json');
    writeFileSync(
      file,
      JSON.stringify({
        client_name: 'Crash',
        redirect_uris: [redirectUri],
        backchannel_logout_uri: `${receiver.origin}/logout`,
      }),
    );
    const made = (await runCommand(['client', 'add', '--metadata-file', file, '--no-consent', '--json'], env)).json<{
      client_id: string;
      client_secret: string;
    }>();
    // What the helpers read of a provider and a client.
    const place = { issuer: env.GATEHOUSE_ISSUER, base: first.base, host: '127.0.0.1' } as TestProvider;
    const client = { id: made.client_id, redirectUris: [redirectUri] } as unknown as Parameters<typeof authorize>[2];

    const people: { browser: Browser; sid: unknown }[] = [];
    for (let index = 0; index < 8; index++) {
      const browser = new Browser();
      await browser.open(`${first.base}/login`);
      await browser.submit({ username: 'ada', password }, { headers: { Origin: place.issuer } });
      const { code, verifier } = await authorize(place, browser, client);
      const tokens = await post(
        `${first.base}/oauth/token`,
        { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri },
        { Authorization: basic(client, made.client_secret) },
      );
      people.push({ browser, sid: claimsOf(tokens.json<Tokens>().id_token)['sid'] });
      await browser.open(`${first.base}/logout`);
    }

    // Nobody answers: some are on their way, the others wait, when the process dies.
    receiver.answer = () => 'hang';
    const answered: unknown[] = [];
    const asking = people.map(async ({ browser, sid }) => {
      const answer = await browser.submit({ logout: 'yes' }, { headers: { Origin: place.issuer } });
      if (answer.status === 200) answered.push(sid);
    });
    await receiver.arrived(1);
    while (answered.length < 5) await new Promise((resolve) => setTimeout(resolve, 5));
    await first.stop('SIGKILL');
    await Promise.allSettled(asking);

    const listed = (await runCommand(['outbox', 'list', '--json'], env)).json<{
      waiting: number;
      messages: { kind: string; destination: string; state: string }[];
    }>();
    expect(listed.waiting).toBeGreaterThanOrEqual(answered.length);
    expect(listed.messages[0]).toMatchObject({ kind: 'backchannel-logout', destination: receiver.origin });

    receiver.answer = () => 200;
    const before = receiver.got.length;
    // Those that were on their way come back when their lease ends, which it has by the clock of this process.
    const second = await runProvider({ ...env, ...shiftedClock(leaseSeconds + 1) });
    await receiver.arrived(before + listed.waiting, undefined, 60_000);
    const told = receiver.got.slice(before).map(({ claims }) => claims['sid']);
    expect(told).toEqual(expect.arrayContaining(answered));
    const ids = receiver.got.map(({ claims }) => claims['jti']);
    expect(new Set(ids).size).toBe(ids.length);
    expect(await second.stop()).toBe(0);
    const left = (await runCommand(['outbox', 'list', '--json'], env)).json<{ waiting: number; given_up: number }>();
    expect(left).toMatchObject({ waiting: 0, given_up: 0 });
    expect(await runCommand(['outbox', 'retry', '--id', '7', '--json'], env)).toMatchObject({ code: 3 });
    expect(await runCommand(['outbox', 'retry', '--json'], env)).toMatchObject({ code: 2 });
    expect((await runCommand(['outbox', 'retry', '--failed', '--json'], env)).json()).toEqual({ retried: 0 });
  });
});
