import { createHmac, createPublicKey, type KeyObject } from 'node:crypto';
import { statement } from '@gatehouse/platform/database/store';
import { jwsAlgorithms, macAlgorithms } from '@gatehouse/domain/jose';
import type { Client, ClientDraft } from '@gatehouse/domain/oauth';
import { CacheVersions } from '../../src/database/cache-versions.service';
import type { Answer } from '../support/browser';
import {
  assertionClaims,
  assertionFields,
  assertionParameters,
  clientKey,
  secretKey,
  signed,
  type ClientKey,
} from '../support/client-jwts';
import { basic, post, startProvider, type TestProvider } from '../support/provider';
import { changeClient } from '../support/client-changes';
import { RotateClientSecret } from '../../src/clients/operations/rotate-client-secret';

const machine = { grantTypes: ['client_credentials'], redirectUris: [], scope: ['read'], defaultScope: ['read'] };
const secretRows = statement(
  'test.client_secrets',
  'SELECT secret_hash, secret_sealed FROM client_secrets WHERE client_id = $1',
);

describe('client assertions (RFC 7521 4.2, RFC 7523 2.2 and 3, OpenID Connect Core 9)', () => {
  let provider: TestProvider;
  let pair: ClientKey;
  let client: Client;
  beforeAll(async () => {
    provider = await startProvider();
    pair = clientKey('ES256');
    client = await withKeys([pair]);
  });
  afterAll(() => provider.close());

  const withKeys = async (keys: readonly ClientKey[], draft: Partial<ClientDraft> = {}): Promise<Client> =>
    (
      await provider.addClient({
        ...machine,
        authMethod: 'private_key_jwt',
        jwks: { keys: keys.map((key) => key.publicJwk) },
        ...draft,
      })
    ).client;
  const withSecret = (draft: Partial<ClientDraft> = {}) =>
    provider.addClient({ ...machine, authMethod: 'client_secret_jwt', ...draft });
  const ask = (fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) =>
    post(`${provider.issuer}/oauth/token`, { grant_type: 'client_credentials', ...fields }, headers);
  /** Asks with an assertion that is right but for these claims and this header. */
  const askWith = async (claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<Answer> =>
    ask(assertionParameters(await signed(pair, { ...assertionClaims(provider, client), ...claims }, header)));

  function expectRefused(answer: Answer, error = 'invalid_client', status = 401): void {
    expect(answer.status).toBe(status);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.json()).toEqual({
      error,
      error_description: expect.stringMatching(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/) as unknown,
    });
  }

  it.each(jwsAlgorithms)('private_key_jwt by %s', async (alg) => {
    const key = clientKey(alg);
    const made = await withKeys([key]);
    const answer = await ask(await assertionFields(provider, made, key));
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({ token_type: 'Bearer', scope: 'read' });
  });

  it.each(macAlgorithms)('client_secret_jwt by %s', async (alg) => {
    const made = await withSecret();
    // RFC 7518 3.2: a key for HMAC has at least the size of the hash.
    expect(Buffer.byteLength(made.secret)).toBeGreaterThanOrEqual(64);
    expect((await ask(await assertionFields(provider, made.client, secretKey(made.secret, alg)))).status).toBe(200);
    expectRefused(await ask(await assertionFields(provider, made.client, secretKey(`${made.secret}x`, alg))));
  });

  it.each(['introspect', 'revoke'])('works at /oauth/%s, whose own address may be the audience there', async (name) => {
    const url = `${provider.issuer}/oauth/${name}`;
    for (const aud of [provider.issuer, `${provider.issuer}/oauth/token`, url])
      expect(
        (await post(url, { token: 'x', ...(await assertionFields(provider, client, pair, { aud })) })).status,
      ).toBe(200);
    expectRefused(await ask(await assertionFields(provider, client, pair, { aud: url })));
  });

  it('takes a client_id beside it that is the same, and no other (RFC 7521 4.2)', async () => {
    const fields = await assertionFields(provider, client, pair);
    expect((await ask({ ...fields, client_id: client.id })).status).toBe(200);
    expectRefused(
      await ask({ ...(await assertionFields(provider, client, pair)), client_id: 'other' }),
      'invalid_request',
      400,
    );
  });

  it('takes keys of a set by kid, and none of several without one', async () => {
    const [first, second] = [clientKey('ES256'), clientKey('ES256')];
    const made = await withKeys([first, second, clientKey('RS256')]);
    const claims = () => assertionClaims(provider, made);
    expect((await ask(assertionParameters(await signed(second, claims())))).status).toBe(200);
    const unnamed = await ask(assertionParameters(await signed(second, claims(), { kid: undefined })));
    expectRefused(unnamed);
    expect(unnamed.json()['error_description']).toContain('kid');
    expectRefused(await ask(assertionParameters(await signed(second, claims(), { kid: first.kid }))));
    expectRefused(await ask(assertionParameters(await signed(second, claims(), { kid: 'unknown' }))));
  });

  it.each([
    'dpop+jwt',
    'at+jwt',
    'oauth-authz-req+jwt',
    'logout+jwt',
    'application/at+jwt',
    'authorization-grant+jwt',
    '',
    1,
  ])('is no JWT of another kind: typ %j (RFC 8725 3.11, RFC 7523bis 8)', async (typ) =>
    expectRefused(await askWith({}, { typ })),
  );

  it.each([undefined, 'JWT', 'jwt', 'client-authentication+jwt', 'application/Client-Authentication+JWT'])(
    'says that it is what it is, or only that it is a JWT: typ %j',
    async (typ) => expect((await askWith({}, { typ })).status).toBe(200),
  );

  describe('each claim', () => {
    const now = () => provider.clock.now();
    it.each<[string, () => Record<string, unknown>]>([
      ['the issuer as audience', () => ({ aud: provider.issuer })],
      ['the token endpoint as audience', () => ({ aud: `${provider.issuer}/oauth/token` })],
      ['an hour of life', () => ({ exp: now() + 3600 })],
      ['no iat', () => ({ iat: undefined })],
    ])('taken: %s', async (_name, claims) => expect((await askWith(claims())).status).toBe(200));

    it.each<[string, () => Record<string, unknown>]>([
      ['another audience', () => ({ aud: 'https://elsewhere.example' })],
      ['a list of audiences, even of one', () => ({ aud: [provider.issuer] })],
      ['a list with another one', () => ({ aud: [provider.issuer, 'https://elsewhere.example'] })],
      ['no audience', () => ({ aud: undefined })],
      ['another issuer', () => ({ iss: 'other' })],
      ['no issuer', () => ({ iss: undefined })],
      ['no subject', () => ({ sub: undefined })],
      ['expired', () => ({ exp: now() - 11 })],
      ['no expiry', () => ({ exp: undefined })],
      ['an expiry that is text', () => ({ exp: String(now() + 60) })],
      ['a far expiry', () => ({ exp: now() + 7200 })],
      ['issued in the future', () => ({ iat: now() + 60 })],
      ['not valid yet', () => ({ nbf: now() + 60 })],
      ['no jti', () => ({ jti: undefined })],
      ['a jti that is no text', () => ({ jti: 5 })],
      ['an endless jti', () => ({ jti: 'j'.repeat(2000) })],
    ])('refused: %s', async (_name, claims) => expectRefused(await askWith(claims())));
  });

  it('is used once: 50 at once give one answer, and a later one none (RFC 7523 3)', async () => {
    const fields = await assertionFields(provider, client, pair);
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(fields)));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    provider.clock.advance(30);
    expectRefused(await ask(fields));
    // Across endpoints, too: one assertion is one use.
    expectRefused(await post(`${provider.issuer}/oauth/introspect`, { token: 'x', ...fields }));
  });

  it('two clients may use the same jti', async () => {
    const other = await withKeys([pair]);
    const jti = 'the same for both';
    expect((await ask(await assertionFields(provider, client, pair, { jti }))).status).toBe(200);
    expect((await ask(await assertionFields(provider, other, pair, { jti }))).status).toBe(200);
    expectRefused(await ask(await assertionFields(provider, other, pair, { jti })));
  });

  it('a rejected one consumes nothing: its jti can still be used by a valid one', async () => {
    const jti = 'refused first';
    expectRefused(await ask(await assertionFields(provider, client, pair, { jti, aud: 'https://elsewhere.example' })));
    expectRefused(await ask(await assertionFields(provider, client, clientKey('ES256'), { jti })));
    expect((await ask(await assertionFields(provider, client, pair, { jti }))).status).toBe(200);
  });

  describe('attacks', () => {
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = () => assertionClaims(provider, client);

    it('alg none', async () => {
      for (const alg of ['none', 'None', ''])
        expectRefused(await ask(assertionParameters(`${encode({ alg })}.${encode(claims())}.`)));
    });

    it('HS256 with the public key as the secret (RFC 8725 2.1)', async () => {
      const rsa = clientKey('RS256');
      const made = await withKeys([rsa]);
      const publicKey: KeyObject = createPublicKey({ format: 'jwk', key: rsa.publicJwk });
      const input = `${encode({ alg: 'HS256', kid: rsa.kid })}.${encode(assertionClaims(provider, made))}`;
      for (const secret of [publicKey.export({ type: 'spki', format: 'pem' }), JSON.stringify(rsa.publicJwk), ''])
        expectRefused(
          await ask(assertionParameters(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`)),
        );
    });

    it('a key that the header brings along: jwk, jku, x5u are not looked at (RFC 8725 3.5)', async () => {
      const own = clientKey('ES256');
      for (const header of [
        { jwk: own.publicJwk },
        { jku: 'http://127.0.0.1:1/jwks' },
        { x5u: 'http://127.0.0.1:1/cert' },
        { jwk: own.publicJwk, kid: pair.kid },
      ])
        expectRefused(await ask(assertionParameters(await signed(own, claims(), header))));
      expect((await askWith({}, { jku: 'http://127.0.0.1:1/jwks', jwk: own.publicJwk })).status).toBe(200);
    });

    it('a crit header, known extension or not (RFC 7515 4.1.11)', async () => {
      expectRefused(await askWith({}, { crit: ['b64'], b64: true }));
    });

    it('a changed payload, a cut signature, and what is no JWT', async () => {
      const assertion = await signed(pair, claims());
      const [header = '', , signature = ''] = assertion.split('.');
      for (const text of [
        `${header}.${encode({ ...claims(), scope: 'admin' })}.${signature}`,
        `${header}.${encode(claims())}.`,
        assertion.slice(0, -2),
        `${assertion}.AAAA`,
        'x',
        '..',
        `${encode({ alg: 'ES256' })}.${encode([])}.AAAA`,
      ])
        expectRefused(await ask(assertionParameters(text)));
    });

    it('one of 100 kB is not looked at', async () => {
      const answer = await askWith({ padding: 'x'.repeat(30_000) });
      expectRefused(answer);
      expect((await askWith({ padding: 'x'.repeat(100_000) })).status).toBe(413);
    });

    it('another client’s key', async () => {
      const other = clientKey('ES256');
      await withKeys([other]);
      expectRefused(await ask(assertionParameters(await signed(other, claims()))));
    });

    it('a client that is not there', async () => {
      expectRefused(await ask(assertionParameters(await signed(pair, assertionClaims(provider, { id: 'nobody' })))));
    });
  });

  it('the method is the registered one, and so is the algorithm (token_endpoint_auth_signing_alg)', async () => {
    const bySecret = await withSecret();
    expectRefused(await ask(await assertionFields(provider, bySecret.client, pair)));
    expectRefused(await ask({}, { Authorization: basic(bySecret.client, bySecret.secret) }));
    const byPost = await provider.addClient({ ...machine, authMethod: 'client_secret_post' });
    expectRefused(await ask(await assertionFields(provider, byPost.client, secretKey(byPost.secret))));

    const key = clientKey('RS256');
    const bound = await withKeys([key], { tokenEndpointAuthSigningAlg: 'PS256' });
    expectRefused(await ask(await assertionFields(provider, bound, key)));
    expect((await ask(await assertionFields(provider, bound, { ...key, alg: 'PS256' }))).status).toBe(200);
    const boundSecret = await withSecret({ tokenEndpointAuthSigningAlg: 'HS512' });
    expectRefused(await ask(await assertionFields(provider, boundSecret.client, secretKey(boundSecret.secret))));
    expect(
      (await ask(await assertionFields(provider, boundSecret.client, secretKey(boundSecret.secret, 'HS512')))).status,
    ).toBe(200);
  });

  it('two methods at once are an invalid request (RFC 6749 2.3)', async () => {
    const { client: byBasic, secret } = await provider.addClient(machine);
    expectRefused(
      await ask(await assertionFields(provider, client, pair), { Authorization: basic(byBasic, secret) }),
      'invalid_request',
      400,
    );
    expectRefused(
      await ask({ ...(await assertionFields(provider, client, pair)), client_secret: 'x' }),
      'invalid_request',
      400,
    );
  });

  it('half an assertion, or one of another type, authenticates nobody, a public client neither', async () => {
    const assertion = await signed(pair, assertionClaims(provider, client));
    const saml = 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer';
    for (const fields of [
      { client_assertion: assertion },
      { client_assertion: assertion, client_assertion_type: saml },
      { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' },
    ])
      expectRefused(await ask({ ...fields }));
    const open = await provider.addClient({ type: 'public', authMethod: 'none' });
    const url = `${provider.issuer}/oauth/revoke`;
    expectRefused(await post(url, { token: 'x', client_id: open.client.id, client_assertion: assertion }));
  });

  it('a disabled client is rejected, and consumes nothing', async () => {
    const made = await withKeys([pair], { disabledAt: provider.clock.now() });
    expectRefused(await ask(await assertionFields(provider, made, pair)));
  });

  describe('the secret itself', () => {
    const rowsOf = (id: string) =>
      provider.store.all<{ secret_hash: Buffer; secret_sealed: string | null }>(secretRows, id);
    const update = async ({ id }: Client, changes: Partial<ClientDraft>) => {
      const saved = await changeClient(provider, id, changes);
      await provider.app.get(CacheVersions).refresh();
      return saved;
    };

    it('is kept for those that need it, encrypted; of all others the hash alone, of key pairs nothing', async () => {
      const made = await withSecret();
      const [row] = await rowsOf(made.client.id);
      expect(row?.secret_sealed).toEqual(expect.any(String));
      expect(row?.secret_sealed).not.toContain(made.secret);
      const byBasic = await provider.addClient(machine);
      expect((await rowsOf(byBasic.client.id)).map((each) => each.secret_sealed)).toEqual([null]);
      expect(await rowsOf(client.id)).toEqual([]);
    });

    it('is bound to its row: a sealed secret of another client opens nowhere else', async () => {
      const [mine, theirs] = [await withSecret(), await withSecret()];
      const move = statement(
        'test.move_secret',
        `UPDATE client_secrets SET secret_sealed = (SELECT secret_sealed FROM client_secrets WHERE client_id = $1)
         WHERE client_id = $2`,
      );
      await provider.store.run((unit) => unit.change(move, mine.client.id, theirs.client.id));
      const answer = await ask(await assertionFields(provider, theirs.client, secretKey(mine.secret)));
      expect(answer.status).not.toBe(200);
    });

    it('is new when a client turns to a method that needs it, and forgotten when it turns away', async () => {
      const made = await provider.addClient(machine);
      const turned = await update(made.client, { authMethod: 'client_secret_jwt' });
      expect(turned.secret).toEqual(expect.any(String));
      expect(turned.secret).not.toBe(made.secret);
      expect((await ask(await assertionFields(provider, turned.client, secretKey(turned.secret ?? '')))).status).toBe(
        200,
      );
      expectRefused(await ask(await assertionFields(provider, turned.client, secretKey(made.secret))));
      expect(await rowsOf(made.client.id)).toHaveLength(1);

      const again = await update(turned.client, { name: 'Another name' });
      expect(again.secret).toBeUndefined();

      const back = await update(again.client, { authMethod: 'client_secret_basic' });
      expect(back.secret).toBeUndefined();
      expect((await rowsOf(made.client.id)).map((each) => each.secret_sealed)).toEqual([null]);
      expect((await ask({}, { Authorization: basic(back.client, turned.secret ?? '') })).status).toBe(200);

      const byKey = await update(back.client, { authMethod: 'private_key_jwt', jwks: { keys: [pair.publicJwk] } });
      expect(byKey.secret).toBeUndefined();
      expect(await rowsOf(made.client.id)).toEqual([]);
      expect((await ask(await assertionFields(provider, byKey.client, pair))).status).toBe(200);
    });

    it('is rotated with an overlap', async () => {
      const made = await withSecret();
      const fresh = await provider.execute(RotateClientSecret, { id: made.client.id, overlapSeconds: 100 });
      const by = async (secret: string) =>
        (await ask(await assertionFields(provider, made.client, secretKey(secret)))).status;
      expect([await by(fresh ?? ''), await by(made.secret)]).toEqual([200, 200]);
      provider.clock.advance(101);
      expect([await by(fresh ?? ''), await by(made.secret)]).toEqual([200, 401]);
      await expect(provider.execute(RotateClientSecret, { id: client.id, overlapSeconds: 100 })).rejects.toThrow(
        'This client has no secret.',
      );
    });
  });
});
