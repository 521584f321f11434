import { randomBytes } from 'node:crypto';
import { createConnection } from 'node:net';
import { deviceCodeGrant } from '@gatehouse/domain/oauth';
import { Browser, type Answer } from '../support/browser';
import { engines } from '../support/engines';
import { secretKey, signed } from '../support/client-jwts';
import { eventually } from '../support/eventually';
import { holdWrites } from '../support/hold-writes';
import { authorize, basic, post, startProvider, type TestProvider } from '../support/provider';
import { buildProvider, runCommand, runProvider, type RunningProvider } from '../support/processes';
import type { Tokens } from '../support/tokens';

jest.setTimeout(180_000);

const hundred = Array.from({ length: 100 }, (_each, index) => index);
/** Less than the two seconds for which a process waits for the lock of an SQLite file. */
const heldMilliseconds = 700;
const password = 'a password for the race';

describe.each(engines)('100 at once on %s', (_name, engineOf) => {
  const engine = engineOf();
  beforeAll(async () => {
    await buildProvider();
    await engine.start();
  });
  afterAll(() => engine.stop());

  /** Where requests go, in turn: one process or four on the same database. */
  interface Place {
    readonly bases: readonly string[];
    /** For the helpers that send one browser to one process. */
    readonly provider: Pick<TestProvider, 'issuer' | 'base' | 'host'>;
    readonly env: Readonly<Record<string, string>>;
    /** The clock of its processes, in epoch seconds. */
    now(): number;
    stop(): Promise<void>;
  }

  async function oneProcess(): Promise<Place> {
    const url = await engine.migratedUrl();
    const provider = await startProvider({ databaseUrl: url, env: { GATEHOUSE_THROTTLE: 'off' } });
    const env = {
      GATEHOUSE_DATABASE_URL: url,
      GATEHOUSE_SECRET_KEY: provider.secretKey,
      GATEHOUSE_ISSUER: provider.issuer,
    };
    return { bases: [provider.base], provider, env, now: () => provider.clock.now(), stop: () => provider.close() };
  }

  async function fourProcesses(): Promise<Place> {
    const env = {
      GATEHOUSE_DATABASE_URL: await engine.migratedUrl(),
      GATEHOUSE_SECRET_KEY: randomBytes(32).toString('base64url'),
      GATEHOUSE_ISSUER: 'http://127.0.0.1:1',
      GATEHOUSE_THROTTLE: 'off',
    };
    // The first makes the keys.
    const running: RunningProvider[] = [await runProvider(env)];
    running.push(...(await Promise.all([2, 3, 4].map(() => runProvider(env)))));
    const bases = running.map((each) => each.base);
    return {
      bases,
      env,
      now: () => Math.floor(Date.now() / 1000),
      provider: { issuer: env.GATEHOUSE_ISSUER, base: bases[0] ?? '', host: '127.0.0.1' },
      stop: async () => {
        const codes = await Promise.all(running.map((each) => each.stop()));
        expect(codes).toEqual([0, 0, 0, 0]);
      },
    };
  }

  describe.each([
    ['in one process', oneProcess],
    ['spread over four processes', fourProcesses],
  ])('%s', (_where, start) => {
    let place: Place;
    let client: { id: string; secret: string };
    let browser: Browser;
    let username: string;
    beforeAll(async () => {
      place = await start();
      username = `racer-${randomBytes(4).toString('hex')}`;
      const made = await runCommand(
        ['user', 'add', '--username', username, '--password-stdin', '--json'],
        place.env,
        password,
      );
      expect(made).toMatchObject({ code: 0 });
      const words = [
        'client',
        'add',
        '--name',
        'Racer',
        '--redirect-uri',
        'https://client.test/callback',
        '--grant-type',
        'authorization_code',
        '--grant-type',
        'refresh_token',
        '--scope',
        'openid offline_access',
        '--no-consent',
        '--refresh-token-rotation',
        'always',
        '--json',
      ];
      const added = (await runCommand(words, place.env)).json<{ client_id: string; client_secret: string }>();
      client = { id: added.client_id, secret: added.client_secret };
      browser = await logIn();
    });
    afterAll(() => place.stop());

    async function logIn(): Promise<Browser> {
      const fresh = new Browser();
      await fresh.open(`${place.provider.base}/login`);
      await fresh.submit({ username, password }, { headers: { Origin: place.provider.issuer } });
      expect(fresh.address).toBe(`${place.provider.base}/home`);
      return fresh;
    }

    /** Requests at once, none of which can write before they had the time to read. */
    async function race(request: (index: number) => Promise<Answer>, racers = hundred): Promise<Answer[]> {
      const release = await holdWrites(place.env['GATEHOUSE_DATABASE_URL'] ?? '');
      const begun = Promise.all(racers.map(request));
      await new Promise((resolve) => setTimeout(resolve, heldMilliseconds));
      await release();
      return begun;
    }

    const baseOf = (index: number): string => place.bases[index % place.bases.length] ?? '';
    const registered = () =>
      ({ id: client.id, redirectUris: ['https://client.test/callback'] }) as unknown as Parameters<typeof authorize>[2];
    const headers = () => ({ Authorization: basic(registered(), client.secret) });
    const code = () =>
      authorize(place.provider as TestProvider, browser, registered(), { scope: 'openid offline_access' });
    const redeemAt = (index: number, proof: { code: string; verifier: string }): Promise<Answer> =>
      post(
        `${baseOf(index)}/oauth/token`,
        {
          grant_type: 'authorization_code',
          code: proof.code,
          code_verifier: proof.verifier,
          redirect_uri: 'https://client.test/callback',
        },
        headers(),
      );
    const refreshAt = (index: number, token: string): Promise<Answer> =>
      post(`${baseOf(index)}/oauth/token`, { grant_type: 'refresh_token', refresh_token: token }, headers());

    it('redemptions of one code: exactly one 200, the others invalid_grant (RFC 6749 4.1.2)', async () => {
      for (let round = 0; round < 3; round++) {
        const proof = await code();
        const answers = await race((index) => redeemAt(index, proof));
        expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
        for (const answer of answers.filter((each) => each.status !== 200))
          expect({ status: answer.status, ...answer.json() }).toMatchObject({ status: 400, error: 'invalid_grant' });
        // The others were replays: what the one got is revoked.
        const winner = answers.find((answer) => answer.status === 200)?.json<Tokens>();
        expect((await refreshAt(1, winner?.refresh_token ?? '')).status).toBe(400);
      }
    });

    it('refreshes of one token: one distinct answer, whose tokens are good', async () => {
      const first = (await redeemAt(0, await code())).json<Tokens>();
      const answers = await race((index) => refreshAt(index, first.refresh_token ?? ''));
      expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
      expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
      const next = await refreshAt(1, answers[0]?.json<Tokens>().refresh_token ?? '');
      expect(next.status).toBe(200);
    });

    it('exchanges of one device code: exactly one 200, the others invalid_grant (RFC 8628 3.5)', async () => {
      const words = ['client', 'add', '--name', 'Television', '--public', '--scope', 'openid', '--json'];
      const { client_id } = (await runCommand([...words, '--grant-type', deviceCodeGrant], place.env)).json<{
        client_id: string;
      }>();
      const codes = (await post(`${baseOf(0)}/oauth/device`, { client_id, scope: 'openid' })).json<{
        device_code: string;
        verification_uri_complete: string;
      }>();
      const page = new URL(codes.verification_uri_complete);
      const headers = { Origin: place.provider.issuer };
      await browser.open(`${baseOf(0)}${page.pathname}${page.search}`);
      await browser.submit({}, { headers });
      await browser.submit({ confirm: 'yes' }, { headers });
      const answers = await race((index) =>
        post(`${baseOf(index)}/oauth/token`, {
          grant_type: deviceCodeGrant,
          device_code: codes.device_code,
          client_id,
        }),
      );
      expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
      for (const answer of answers.filter((each) => each.status !== 200))
        expect({ status: answer.status, ...answer.json() }).toMatchObject({ status: 400, error: 'invalid_grant' });
    });

    it('uses of a one-time link: one winner', async () => {
      const name = `linked-${randomBytes(4).toString('hex')}`;
      const { set_password_link: link } = (
        await runCommand(['user', 'add', '--username', name, '--json'], place.env)
      ).json<{ set_password_link: string }>();
      const url = new URL(link);
      const fresh = new Browser();
      const page = await fresh.open(`${place.provider.base}${url.pathname}${url.search}`);
      const fields = [...page.text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(
        ([, key = '', value = '']): [string, string] => [key, value],
      );
      const use = (index: number): Promise<Answer> =>
        fresh.send(`${baseOf(index)}${url.pathname}`, {
          method: 'POST',
          body: new URLSearchParams([...fields, ['password', `the password of racer ${index}`]]).toString(),
          headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: place.provider.issuer },
        });
      // Of one account only so many passwords wait to be estimated: those beyond are rejected before they use the link.
      const answers = await race(use, hundred.slice(0, 16));
      // The link is of the command line: the winner is signed in.
      expect(answers.filter((answer) => answer.status === 303)).toHaveLength(1);
      const refused = answers.filter((answer) => [410, 429, 503].includes(answer.status));
      expect(refused).toHaveLength(15);
      expect(refused.filter((answer) => answer.status === 410).length).toBeGreaterThanOrEqual(4);
    });

    it('uses of one client assertion: one token (RFC 7523 3)', async () => {
      const words = ['client', 'add', '--name', 'Signer', '--auth-method', 'client_secret_jwt', '--json'];
      const added = (await runCommand([...words, '--grant-type', 'client_credentials'], place.env)).json<{
        client_id: string;
        client_secret: string;
      }>();
      const now = place.now();
      const claims = {
        iss: added.client_id,
        sub: added.client_id,
        aud: place.provider.issuer,
        iat: now,
        exp: now + 60,
      };
      const assertion = await signed(secretKey(added.client_secret), {
        ...claims,
        jti: randomBytes(8).toString('hex'),
      });
      const answers = await race((index) =>
        post(`${baseOf(index)}/oauth/token`, {
          grant_type: 'client_credentials',
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: assertion,
        }),
      );
      expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
      for (const answer of answers.filter((each) => each.status !== 200))
        expect({ status: answer.status, ...answer.json() }).toMatchObject({ status: 401, error: 'invalid_client' });
    });

    it('what one process has committed is visible to the next request in any process', async () => {
      const tokens = (await redeemAt(0, await code())).json<Tokens>();
      for (const index of [0, 1, 2, 3]) {
        const me = await browser.send(`${baseOf(index)}/api/me`, {
          headers: { Authorization: `Bearer ${tokens.access_token}` },
        });
        expect(me.json()).toEqual({ username });
        expect((await browser.send(`${baseOf(index)}/home`)).status).toBe(200);
      }
      await post(`${baseOf(1)}/oauth/revoke`, { token: tokens.refresh_token ?? '' }, headers());
      const after = await browser.send(`${baseOf(0)}/api/me`, {
        headers: { Authorization: `Bearer ${tokens.access_token}` },
      });
      expect(after.status).toBe(401);
    });

    it('a client that the command line made, changed or removed is seen by every process within a second', async () => {
      const add = [
        'client',
        'add',
        '--name',
        'Short-lived',
        '--grant-type',
        'client_credentials',
        '--scope',
        'read',
        '--json',
      ];
      const made = (await runCommand(add, place.env)).json<{ client_id: string; client_secret: string }>();
      const ask = (index: number, secret: string) =>
        post(
          `${baseOf(index)}/oauth/token`,
          { grant_type: 'client_credentials' },
          { Authorization: `Basic ${Buffer.from(`${made.client_id}:${secret}`).toString('base64')}` },
        );
      for (const index of [0, 1]) expect((await ask(index, made.client_secret)).status).toBe(200);
      const rotated = (
        await runCommand(['client', 'rotate-secret', '--id', made.client_id, '--json'], place.env)
      ).json<{ client_secret: string }>();
      for (const index of [0, 1]) expect((await ask(index, rotated.client_secret)).status).toBe(200);
      await runCommand(['client', 'remove', '--id', made.client_id], place.env);
      for (const index of [0, 1, 2, 3]) {
        const last = await eventually(
          () => ask(index, rotated.client_secret),
          (answer) => answer.status !== 200,
        );
        expect(last.status).toBe(401);
      }
    });

    it('a key that the command line made is published by every process within a second', async () => {
      const { keys } = (await runCommand(['keys', 'rotate', '--json'], place.env)).json<{ keys: { kid: string }[] }>();
      for (const base of place.bases) {
        const published = await eventually(
          async () =>
            (await browser.send(`${base}/.well-known/jwks.json`))
              .json<{ keys: { kid: string }[] }>()
              .keys.map((key) => key.kid),
          (kids) => kids.length === keys.length,
        );
        expect(published.sort()).toEqual(keys.map((key) => key.kid).sort());
      }
    });
  });

  it('a kill -9 loses nothing that was answered, and SIGTERM ends with 0 and closes the port', async () => {
    const env = {
      GATEHOUSE_DATABASE_URL: await engine.migratedUrl(),
      GATEHOUSE_SECRET_KEY: randomBytes(32).toString('base64url'),
      GATEHOUSE_ISSUER: 'http://127.0.0.1:1',
    };
    const first = await runProvider(env);
    expect(first.lines.at(-1)).toBe('listening on http://127.0.0.1:1');
    const words = [
      'client',
      'add',
      '--name',
      'Racer',
      '--grant-type',
      'client_credentials',
      '--scope',
      'read',
      '--json',
    ];
    const made = (await runCommand(words, env)).json<{ client_id: string; client_secret: string }>();
    const headers = {
      Authorization: `Basic ${Buffer.from(`${made.client_id}:${made.client_secret}`).toString('base64')}`,
    };
    const told: string[] = [];
    const asking = hundred.map(async () => {
      for (let round = 0; round < 20; round++) {
        const answer = await post(`${first.base}/oauth/token`, { grant_type: 'client_credentials' }, headers);
        if (answer.status === 200) told.push(answer.json<Tokens>().access_token);
      }
    });
    const cut = Promise.allSettled(asking);
    while (told.length < 100) await new Promise((resolve) => setTimeout(resolve, 5));
    await first.stop('SIGKILL');
    await cut;

    const second = await runProvider(env);
    const lost = [];
    for (const token of told)
      if (!(await post(`${second.base}/oauth/introspect`, { token }, headers)).json<{ active: boolean }>().active)
        lost.push(token);
    expect({ told: told.length >= 100, lost }).toEqual({ told: true, lost: [] });
    expect(await second.stop('SIGTERM')).toBe(0);
    await expect(connectTo(second.base)).rejects.toThrow('ECONNREFUSED');
  });
});

function connectTo(base: string): Promise<void> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const socket = createConnection(Number(port), hostname, () => {
      socket.destroy();
      resolve();
    });
    socket.on('error', reject);
  });
}
