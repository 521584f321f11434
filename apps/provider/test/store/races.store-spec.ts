import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deviceCodeGrant, jwtBearerAssertion, jwtBearerGrant } from '@gatehouse/domain/oauth';
import { engineNames, startPostgres, type TestPostgres } from '../../../../libs/platform/test/support/postgres';
import { ConsentsService } from '../../src/consents/consents.service';
import { FirstStart } from '../../src/jobs/first-start.service';
import { routes } from '../../src/web/routes';
import { Invitations } from '../../src/users/invitations/invitations.service';
import { OneTimeLinks } from '../../src/users/credentials/one-time-links.service';
import { PasswordHasher } from '../../src/users/credentials/password-hasher';
import { UserLists } from '../../src/users/user-lists.service';
import { UsersService } from '../../src/users/users.service';
import { TrustedIssuers } from '../../src/trusted-issuers/trusted-issuers.service';
import { adminApi } from '../support/admin-api';
import { Browser } from '../support/browser';
import { clientKey, secretKey, signed } from '../support/client-jwts';
import { raceAfterReading } from '../support/interleave';
import {
  authorizationRequest,
  authorize,
  authorizeUrl,
  post,
  basic,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';
import { introspect, isActive, obtainRefreshToken, refresh, type Registered, type Tokens } from '../support/tokens';
import { changeClient } from '../support/client-changes';
import { OperationError } from '../../src/operations/operation-error';
import { SetUserState } from '../../src/users/operations/set-user-state';

describe.each(engineNames)('at once, on %s,', (engine) => {
  let postgres: TestPostgres | undefined;
  let folder: string;
  let provider: TestProvider;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-races-'));
    postgres = engine === 'PostgreSQL' ? await startPostgres() : undefined;
    provider = await startProvider({
      databaseUrl: postgres ? await postgres.url('races') : `sqlite:${join(folder, 'races.sqlite')}`,
      env: { GATEHOUSE_THROTTLE: 'off', GATEHOUSE_SIGN_UP: 'invitation' },
    });
  }, 60_000);
  afterAll(async () => {
    await provider.close();
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('100 redemptions of one code give tokens once, and those die by the replays (RFC 6749 4.1.2)', async () => {
    const registered = await provider.addClient();
    const browser = await provider.logIn(await provider.addUser());
    const { code, verifier } = await authorize(provider, browser, registered.client);
    const answers = await raceAfterReading(provider, { requests: 100 }, () =>
      redeem(provider, registered, code, verifier),
    );
    const [won, ...others] = answers.filter(({ status }) => status === 200);
    expect(others).toEqual([]);
    expect(answers.filter(({ status }) => status !== 200).map((answer) => answer.json()['error'])).toEqual(
      Array(99).fill('invalid_grant'),
    );
    const token = won?.json<{ access_token: string }>().access_token ?? '';
    const introspection = await post(
      `${provider.issuer}/oauth/introspect`,
      { token },
      { Authorization: basic(registered.client, registered.secret) },
    );
    expect(introspection.json()).toEqual({ active: false });
  });

  it('100 polls of a device whose person said yes give tokens once (RFC 8628 3.5)', async () => {
    const { client } = await provider.addClient({
      type: 'public',
      authMethod: 'none',
      redirectUris: [],
      grantTypes: [deviceCodeGrant],
      scope: ['openid'],
    });
    const browser = await provider.logIn(await provider.addUser());
    const codes = (await post(`${provider.issuer}/oauth/device`, { client_id: client.id, scope: 'openid' })).json<{
      device_code: string;
      verification_uri_complete: string;
    }>();
    await browser.open(codes.verification_uri_complete);
    await browser.submit();
    await browser.submit({ confirm: 'yes' });
    const answers = await raceAfterReading(provider, { requests: 100 }, () =>
      post(`${provider.issuer}/oauth/token`, {
        grant_type: deviceCodeGrant,
        device_code: codes.device_code,
        client_id: client.id,
      }),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status !== 200).map((answer) => answer.json()['error'])).toEqual(
      Array(99).fill('invalid_grant'),
    );
  });

  async function refreshToken(registered: Registered): Promise<string> {
    const browser = await provider.logIn(await provider.addUser());
    return (await obtainRefreshToken(provider, browser, registered)).refresh_token;
  }

  it('100 refreshes with one token that rotates give one answer, again and again', async () => {
    const registered = await provider.addClient({ refreshTokenRotation: 'always' });
    const token = await refreshToken(registered);
    const answers = await raceAfterReading(provider, { requests: 100 }, () => refresh(provider, registered, token));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });

  it('100 refreshes with one token that is kept give 100 access tokens, and extend it', async () => {
    const registered = await provider.addClient();
    const token = await refreshToken(registered);
    provider.clock.advance(600);
    const answers = await Promise.all(Array.from({ length: 100 }, () => refresh(provider, registered, token)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const tokens = answers.map((answer) => answer.json<Tokens>());
    expect(new Set(tokens.map((each) => each.access_token)).size).toBe(100);
    expect(new Set(tokens.map((each) => each.refresh_token))).toEqual(new Set([token]));
    expect((await introspect(provider, registered, token)).json()).toMatchObject({
      exp: provider.clock.now() + 30 * 86_400,
    });
  });

  it('refreshes with a kept token while its grant is revoked leave no access token that works', async () => {
    const registered = await provider.addClient();
    for (let round = 0; round < 5; round++) {
      const token = await refreshToken(registered);
      provider.clock.advance(600);
      const begun = Array.from({ length: 20 }, () => refresh(provider, registered, token));
      await new Promise((resolve) => setTimeout(resolve, round * 4));
      await post(
        `${provider.issuer}/oauth/revoke`,
        { token },
        { Authorization: basic(registered.client, registered.secret) },
      );
      for (const answer of await Promise.all(begun))
        if (answer.status === 200)
          expect(await isActive(provider, registered, answer.json<Tokens>().access_token)).toBe(false);
        else expect(answer.json()['error']).toBe('invalid_grant');
    }
  });

  it('refreshes while the client is changed to rotation consume its token once, and none reappears', async () => {
    const registered = await provider.addClient();
    const token = await refreshToken(registered);
    provider.clock.advance(600);
    const begun = Array.from({ length: 20 }, () => refresh(provider, registered, token));
    await changeClient(provider, registered.client.id, { refreshTokenRotation: 'always' });
    const answers = [
      ...(await Promise.all(begun)),
      ...(await Promise.all(begun.map(() => refresh(provider, registered, token)))),
    ];
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const successors = new Set(answers.map((answer) => answer.json<Tokens>().refresh_token));
    successors.delete(token);
    expect(successors.size).toBeLessThanOrEqual(1);
  });

  it('two administrators who switch each other off leave one', async () => {
    for (let round = 0; round < 10; round++) {
      const [a, b] = [await provider.addUser({ roles: ['admin'] }), await provider.addUser({ roles: ['admin'] })];
      for (const other of (await provider.app.get(UserLists).list({ limit: 1000 })).users)
        if (other.roles.includes('admin') && other.id !== a.id && other.id !== b.id)
          await provider.execute(SetUserState, { id: other.id, disabled: true });
      const outcomes = await Promise.all(
        [a, b].map(({ id }) =>
          provider.execute(SetUserState, { id, disabled: true }).then(
            () => 'done',
            (error: unknown) => (error instanceof OperationError ? error.code : error),
          ),
        ),
      );
      expect(outcomes.sort()).toEqual(['conflict', 'done']);
    }
  });

  it('two yeses to different scopes are both kept', async () => {
    const consents = provider.app.get(ConsentsService);
    for (let round = 0; round < 10; round++) {
      const user = await provider.addUser();
      const { client } = await provider.addClient();
      const say = (scope: string): Promise<void> =>
        provider.store.run((unit) =>
          consents.record(unit, { userId: user.id, clientId: client.id, scope: [scope] }, provider.clock.now()),
        );
      await Promise.all([say('profile'), say('email')]);
      const found = await consents.find(user.id, client.id);
      expect([...(found?.scope ?? [])].sort()).toEqual(['email', 'profile']);
    }
  });

  it('a login whose password is changed while it is checked ends in no session', async () => {
    const users = provider.app.get(UsersService);
    const hasher = provider.app.get(PasswordHasher);
    const user = await provider.addUser();
    const next = await hasher.hash('another password altogether');
    const verify = hasher.verify.bind(hasher);
    const spy = jest.spyOn(hasher, 'verify').mockImplementation(async (...given) => {
      const fits = await verify(...given);
      await provider.store.run((unit) => users.setPassword(unit, user.id, next, provider.clock.now()));
      return fits;
    });
    try {
      const browser = new Browser();
      await browser.open(`${provider.issuer}/login`);
      expect((await browser.submit({ username: user.username, password: user.password })).status).toBe(401);
      expect(browser.cookie(provider.host, 'gatehouse_session')).toBeUndefined();
    } finally {
      spy.mockRestore();
    }
  });

  it('authorizations while an account is being disabled leave no usable code', async () => {
    const registered = await provider.addClient({ consentRequired: false });
    for (let round = 0; round < 5; round++) {
      const user = await provider.addUser();
      const browser = await provider.logIn(user);
      const begun = Array.from({ length: 20 }, () => {
        const { parameters, proof } = authorizationRequest(registered.client);
        return browser.send(authorizeUrl(provider, parameters)).then((answer) => ({ answer, proof }));
      });
      await new Promise((resolve) => setTimeout(resolve, round * 4));
      await provider.execute(SetUserState, { id: user.id, disabled: true });
      for (const { answer, proof } of await Promise.all(begun)) {
        const code = answer.location === undefined ? null : new URL(answer.location).searchParams.get('code');
        if (code !== null) expect((await redeem(provider, registered, code, proof.verifier)).status).toBe(400);
      }
    }
  });

  it('50 uses of one assertion give one token (RFC 7523 3, jti)', async () => {
    const key = clientKey('ES256');
    const registered = await provider.addClient({ grantTypes: [jwtBearerGrant], redirectUris: [], scope: ['read'] });
    const { username } = await provider.addUser();
    const made = await provider.store.run((unit) =>
      provider.app.get(TrustedIssuers).create(
        unit,
        {
          issuer: `urn:races:${engine}`,
          name: 'Races',
          jwks: { keys: [key.publicJwk] },
          subject: 'username',
          clients: [registered.client.id],
          scope: ['read'],
        },
        provider.clock.now(),
      ),
    );
    expect(made).not.toHaveProperty('problems');
    const assertion = await signed(key, {
      iss: `urn:races:${engine}`,
      sub: username,
      aud: provider.issuer,
      exp: provider.clock.now() + 60,
      jti: 'one',
    });
    const answers = await raceAfterReading(provider, { requests: 50 }, () =>
      post(
        `${provider.issuer}/oauth/token`,
        { grant_type: jwtBearerGrant, assertion },
        { Authorization: basic(registered.client, registered.secret) },
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 200))
      expect(answer.json()['error']).toBe('invalid_grant');
  });

  it('50 uses of one client assertion give one token (RFC 7523 3, jti)', async () => {
    const { client, secret } = await provider.addClient({
      authMethod: 'client_secret_jwt',
      grantTypes: ['client_credentials'],
      redirectUris: [],
      scope: ['read'],
    });
    const assertion = await signed(secretKey(secret), {
      iss: client.id,
      sub: client.id,
      aud: provider.issuer,
      exp: provider.clock.now() + 60,
      jti: 'one',
    });
    const answers = await raceAfterReading(provider, { requests: 50 }, () =>
      post(`${provider.issuer}/oauth/token`, {
        grant_type: 'client_credentials',
        client_assertion_type: jwtBearerAssertion,
        client_assertion: assertion,
      }),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 200))
      expect(answer.json()['error']).toBe('invalid_client');
  });

  it('two accounts by one invitation: one is made', async () => {
    const invitations = provider.app.get(Invitations);
    const whom = { email: 'raced@invited.test', roles: ['user'], createdBy: undefined };
    const link = await provider.store.run((unit) => invitations.invite(unit, whom, provider.clock.now()));
    const browsers = [new Browser(), new Browser()] as const;
    for (const browser of browsers) await browser.open(link);
    const answers = await raceAfterReading(provider, { requests: 2, units: 3 }, (index) =>
      browsers[index === 0 ? 0 : 1].submit({ username: `raced-${index}`, password: 'the password of a racer' }),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 410]);
    const users = provider.app.get(UsersService);
    const made = [await users.findByUsername('raced-0'), await users.findByUsername('raced-1')];
    expect(made.filter((user) => user !== undefined)).toHaveLength(1);
  });

  it('50 creations with one idempotency key make one, and answer the same', async () => {
    const api = await adminApi(provider);
    const body = { client_name: 'Raced', redirect_uris: ['https://raced.test/'] };
    const answers = await raceAfterReading(provider, { requests: 50 }, () =>
      api.call('POST', 'clients', body, { 'Idempotency-Key': 'race' }),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const { items } = (await api.call('GET', 'clients?q=Raced')).json<{ items: object[] }>();
    expect(items).toHaveLength(1);
  });

  it('16 uses of a one-time link have one winner', async () => {
    const links = provider.app.get(OneTimeLinks);
    const user = await provider.addUser();
    const url = await provider.store.run((unit) =>
      links.create(unit, { userId: user.id, purpose: 'set-password' }, provider.clock.now()),
    );
    const browser = new Browser();
    const page = await browser.open(url);
    const fields = [...page.text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(
      ([, key = '', value = '']): [string, string] => [key, value],
    );
    const answers = await raceAfterReading(provider, { requests: 16, units: 2 }, (index) =>
      browser.send(`${provider.issuer}${routes.setPassword}`, {
        method: 'POST',
        body: new URLSearchParams([...fields, ['password', `the password of racer ${index}`]]).toString(),
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: provider.issuer },
      }),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    // Of one account only so many passwords wait to be estimated: those beyond are rejected before they use the link.
    const refused = answers.filter(({ status }) => [410, 429, 503].includes(status));
    expect(refused).toHaveLength(15);
    expect(refused.filter(({ status }) => status === 410).length).toBeGreaterThanOrEqual(4);
  });

  it('three first starts make one administrator, and each has a link that works', async () => {
    const fresh = await startProvider({
      databaseUrl: postgres ? await postgres.url('first') : `sqlite:${join(folder, 'first.sqlite')}`,
    });
    try {
      await fresh.store.run((unit) => unit.manager.query('DELETE FROM users'));
      const starts = await Promise.all(Array.from({ length: 3 }, () => fresh.app.get(FirstStart).prepareAdmin()));
      expect((await fresh.app.get(UserLists).list({ limit: 10 })).users).toHaveLength(1);
      for (const start of starts) {
        const token = new URL(start?.link ?? '').searchParams.get('token') ?? '';
        expect(await fresh.app.get(OneTimeLinks).find(token, 'set-password', fresh.clock.now())).toBeDefined();
      }
    } finally {
      await fresh.close();
    }
  });
});
