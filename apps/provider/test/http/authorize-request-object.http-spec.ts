import { KeyObject, sign } from 'node:crypto';
import { CompactEncrypt, importJWK, UnsecuredJWT, type JWK } from 'jose';
import {
  contentEncryptionAlgorithms,
  jwsAlgorithms,
  keyFromSecret,
  macAlgorithms,
  publicKeyManagementAlgorithms,
  secretKeyManagementAlgorithms,
  type ContentEncryptionAlgorithm,
} from '@gatehouse/domain/jose';
import type { Client, ClientDraft } from '@gatehouse/domain/oauth';
import { Browser, send } from '../support/browser';
import { clientKey, secretKey, signed, type ClientKey } from '../support/client-jwts';
import { sendPush } from '../support/par';
import { answerOf, authorizationRequest, authorizeUrl } from '../support/provider';
import { useRequestObjects, type Claims } from '../support/request-objects';

type ImportedKey = Awaited<ReturnType<typeof importJWK>>;

const { key, provider, browser, add, objectOf, query, ask, askWith } = useRequestObjects();

it('the metadata offer what is tried below, and nothing else', async () => {
  const metadata = (await send(`${provider().issuer}/.well-known/openid-configuration`)).json();
  expect(metadata).toMatchObject({
    request_parameter_supported: true,
    request_uri_parameter_supported: true,
    require_request_uri_registration: true,
    request_object_signing_alg_values_supported: [...jwsAlgorithms, ...macAlgorithms, 'none'],
    request_object_encryption_alg_values_supported: [
      ...publicKeyManagementAlgorithms,
      ...secretKeyManagementAlgorithms,
    ],
    request_object_encryption_enc_values_supported: contentEncryptionAlgorithms,
  });
});

/** Signed by hand: libraries walk through the claims that they sign, and would exhaust the stack themselves. */
function signJson(by: ClientKey, claims: string): string {
  if (!(by.privateKey instanceof KeyObject)) throw new Error('this signs with a key pair');
  const encode = (text: string): string => Buffer.from(text).toString('base64url');
  const input = `${encode(JSON.stringify({ alg: by.alg, kid: by.kid }))}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(input), { key: by.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

describe('a request object by value (OpenID Connect Core 6.1, RFC 9101)', () => {
  it.each(jwsAlgorithms)('signed by %s is taken', async (algorithm) => {
    const own = clientKey(algorithm);
    const { client } = await add({ jwks: { keys: [own.publicJwk] }, requestObjectSigningAlg: algorithm });
    const answer = await askWith(client, await signed(own, objectOf(client)));
    expect(Object.fromEntries(answer)).toMatchObject({ code: expect.any(String) as unknown, state: 'inner-state' });
  });

  it.each(macAlgorithms)('signed by %s with the secret is taken', async (algorithm) => {
    const { client, secret } = await add({ requestObjectSigningAlg: algorithm });
    expect((await askWith(client, await signed(secretKey(secret, algorithm), objectOf(client)))).has('code')).toBe(
      true,
    );
  });

  it('of a client that registered no algorithm may be signed by any that its key serves', async () => {
    const { client } = await add();
    expect((await askWith(client, await signed(key, objectOf(client)))).has('code')).toBe(true);
  });

  describe('unsigned (alg none)', () => {
    const unsigned = (client: Client) => new UnsecuredJWT(objectOf(client)).encode();

    it.each<[string, Partial<ClientDraft>]>([
      ['registered for none', { requestObjectSigningAlg: 'none' }],
      // OpenID Connect Registration 2: the default is that any algorithm of the server may be used, none among them.
      ['registered for no algorithm', {}],
    ])('is accepted from a client that is %s', async (_what, draft) => {
      const { client } = await add(draft);
      expect((await askWith(client, unsigned(client))).has('code')).toBe(true);
    });

    it('is rejected where the client registered a signing algorithm', async () => {
      const { client } = await add({ requestObjectSigningAlg: 'ES256' });
      expect((await askWith(client, unsigned(client))).get('error')).toBe('invalid_request_object');
    });

    it('has no signature, and a signed one is rejected where none is registered', async () => {
      const { client } = await add({ requestObjectSigningAlg: 'none' });
      // Its signature would be accepted without being verified.
      expect((await askWith(client, await signed(key, objectOf(client)))).get('error')).toBe('invalid_request_object');
      const other = (await add()).client;
      expect((await askWith(other, `${unsigned(other)}AAAA`)).get('error')).toBe('invalid_request_object');
    });

    it('may ask for form_post, and is answered so (Form Post Response Mode)', async () => {
      const { client } = await add();
      const request = new UnsecuredJWT(objectOf(client, { response_mode: 'form_post' })).encode();
      const answer = await ask(query(client, { request }));
      expect([answer.status, answer.text]).toEqual([200, expect.stringMatching(/name="code"/)]);
    });
  });

  it.each([
    ['arrays', '['.repeat(11_000) + ']'.repeat(11_000)],
    ['objects', '{"a":'.repeat(3500) + '1' + '}'.repeat(3500)],
  ])('with a claim of deeply nested %s is refused, and is no failure of the server', async (_what, nested) => {
    const registered = await add();
    const claims = JSON.stringify(objectOf(registered.client, { claims: '@' })).replace('"@"', nested);
    const answer = await sendPush(provider(), registered, { request: signJson(key, claims) });
    expect([answer.status, answer.json<{ error: string }>().error]).toEqual([400, 'invalid_request_object']);
  });

  it('may nest as deeply as the specifications do', async () => {
    const { client } = await add();
    const claims = { id_token: { email: { essential: true, values: ['a@example.test'] } } };
    expect((await askWith(client, await signed(key, objectOf(client, { claims })))).has('code')).toBe(true);
  });

  it('with a NUL in its nonce is rejected', async () => {
    const { client } = await add();
    const answer = await askWith(client, await signed(key, objectOf(client, { nonce: 'a\0b' })));
    expect(answer.get('error')).toBe('invalid_request');
  });

  describe('its parameters', () => {
    it('win over those of the query (6.1): redirect_uri, state, scope', async () => {
      const { client } = await add();
      const request = await signed(
        key,
        objectOf(client, { redirect_uri: 'https://client.test/other', scope: 'openid email' }),
      );
      const answer = await ask(query(client, { request, scope: 'openid', nonce: 'outer' }));
      expect(answer.location).toMatch(/^https:\/\/client\.test\/other\?/);
      expect(answerOf(answer).get('state')).toBe('inner-state');
    });

    it('may be a part: the rest of an OpenID request is in the query', async () => {
      const { client } = await add();
      const { parameters } = authorizationRequest(client);
      const answer = await ask({ ...parameters, request: await signed(key, { state: 'inner-state' }) });
      expect(Object.fromEntries(answerOf(answer))).toMatchObject({
        code: expect.any(String) as unknown,
        state: 'inner-state',
      });
    });

    it('may be all: a query of client_id and request (RFC 9101 5)', async () => {
      const { client } = await add();
      const request = await signed(key, objectOf(client), { typ: 'oauth-authz-req+jwt' });
      const answer = answerOf(await ask({ client_id: client.id, request }));
      expect(answer.has('code')).toBe(true);
    });

    it('are all that counts where the object says that it is one of RFC 9101 (6.3)', async () => {
      const { client } = await add();
      const { code_challenge: _challenge, ...claims } = objectOf(client, { code_challenge_method: undefined });
      const { parameters } = authorizationRequest(client);
      const request = await signed(key, claims, { typ: 'oauth-authz-req+jwt' });
      expect(answerOf(await ask({ ...parameters, request })).get('error_description')).toContain('PKCE');
    });

    it('are checked as those of the query are: prompt, max_age as a number, claims as an object, redirect_uri', async () => {
      const { client } = await add();
      const none = await askWith(client, await signed(key, objectOf(client, { prompt: 'none login' })));
      expect(none.get('error')).toBe('invalid_request');
      await ask(query(client, { request: await signed(key, objectOf(client, { max_age: 0 })) }));
      expect(browser().address).toContain('/login?request=');
      const claims = await askWith(client, await signed(key, objectOf(client, { claims: { userinfo: { name: 1 } } })));
      expect(claims.get('error')).toBe('invalid_request');
      const evil = await signed(key, objectOf(client, { redirect_uri: 'https://evil.test/callback' }));
      const page = await ask(query(client, { request: evil }));
      expect(page.status).toBe(400);
      expect(page.location).toBeUndefined();
    });

    it('survive a login that comes in between', async () => {
      const { client } = await add();
      const user = await provider().addUser();
      const stranger = new Browser();
      const request = await signed(key, objectOf(client));
      await stranger.open(authorizeUrl(provider(), query(client, { request })));
      provider().clock.advance(3600);
      const answer = await stranger.submit({ username: user.username, password: user.password });
      expect(answerOf(answer).get('state')).toBe('inner-state');
    });
  });

  describe('is rejected by invalid_request_object, at the address that the query proves:', () => {
    it.each<[string, Claims, Record<string, unknown>?]>([
      ['another client_id inside', { client_id: 'other' }],
      ['another issuer', { iss: 'other' }],
      ['another audience', { aud: 'https://other.test' }],
      ['an expired one', { exp: 1 }],
      ['one for later', { nbf: 9_999_999_999 }],
      ['another response_type than the query', { response_type: 'id_token' }],
      ['a request in it', { request: 'a.b.c' }],
      ['a request_uri in it', { request_uri: 'https://client.test/request' }],
      ['a client assertion', { sub: 'the client' }],
      ['another type of JWT', {}, { typ: 'logout+jwt' }],
      ['a crit header', {}, { crit: ['b64'], b64: true }],
    ])('%s', async (_what, claims, ...[header]) => {
      const { client } = await add();
      const own = claims['sub'] === undefined ? claims : { sub: client.id };
      const answer = await askWith(client, await signed(key, objectOf(client, own), header));
      expect(Object.fromEntries(answer)).toMatchObject({
        error: 'invalid_request_object',
        state: 'outer-state',
        iss: provider().issuer,
      });
    });

    it.each<[string, () => Promise<string> | string]>([
      ['no JWT at all', () => 'request'],
      ['a JWT of three empty parts', () => '..'],
      ['a payload that is no object', () => `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.W10.AAAA`],
      ['a signature by another key', () => signed(clientKey('ES256'), { state: 'x' })],
      ['another kid', () => signed({ ...key, kid: 'unknown' }, { state: 'x' })],
      ['the public key as a secret', () => signed(secretKey(JSON.stringify(key.publicJwk)), { state: 'x' })],
      ['more than 32000 characters', () => signed(key, { state: 'x'.repeat(9000) })],
      [
        'a JWE that does not open',
        () => 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA',
      ],
    ])('%s', async (_what, make) => {
      const { client } = await add();
      expect((await askWith(client, await make())).get('error')).toMatch(/^invalid_request(_object)?$/);
    });

    it('no kid where several keys of the client fit (OpenID Connect Core 10.1)', async () => {
      const keys = [clientKey('ES256'), clientKey('ES256')];
      const [first] = keys;
      if (!first) throw new Error('two were made');
      const { client } = await add({ jwks: { keys: keys.map(({ publicJwk }) => publicJwk) } });
      expect((await askWith(client, await signed(first, objectOf(client)))).has('code')).toBe(true);
      const answer = await askWith(client, await signed({ ...first, kid: undefined }, objectOf(client)));
      expect(answer.get('error')).toBe('invalid_request_object');
      expect(answer.get('error_description')).toContain('kid');
    });

    it('a key that the object brings itself', async () => {
      const { client } = await add({ jwks: undefined });
      const own = clientKey('ES256');
      expect((await askWith(client, await signed(own, objectOf(client), { jwk: own.publicJwk }))).get('error')).toBe(
        'invalid_request_object',
      );
    });

    it('another algorithm than the registered one', async () => {
      const { client, secret } = await add({ requestObjectSigningAlg: 'HS256' });
      expect((await askWith(client, await signed(key, objectOf(client)))).get('error')).toBe('invalid_request_object');
      expect((await askWith(client, await signed(secretKey(secret, 'HS512'), objectOf(client)))).get('error')).toBe(
        'invalid_request_object',
      );
    });

    it('with a page where the query proves no address, and in the fragment where it wants that', async () => {
      const { client } = await add();
      const page = await ask({ client_id: client.id, request: 'a.b.c' });
      // An OAuth request that names no address goes to the default one of the client.
      expect(answerOf(page).get('error')).toBe('invalid_request_object');
      const evil = await ask(query(client, { request: 'a.b.c', redirect_uri: 'https://evil.test/' }));
      expect(evil.status).toBe(400);
      expect(evil.location).toBeUndefined();
      const hybrid = await ask(query(client, { request: 'a.b.c', response_type: 'code id_token' }));
      expect(hybrid.location).toContain('#error=invalid_request_object');
    });
  });

  it('needs the client_id in the query (RFC 9101 5)', async () => {
    const { client } = await add();
    const page = await ask({ response_type: 'code', scope: 'openid', request: await signed(key, objectOf(client)) });
    expect(page.status).toBe(400);
    expect(page.location).toBeUndefined();
  });

  it('needs the response_type in the query of an OpenID request (6.1)', async () => {
    const { client } = await add();
    const answer = await askWith(client, await signed(key, objectOf(client)), { response_type: undefined });
    expect(answer.get('error')).toBe('invalid_request_object');
  });

  it('comes by POST as well', async () => {
    const { client } = await add();
    const body = new URL(
      authorizeUrl(provider(), query(client, { request: await signed(key, objectOf(client)) })),
    ).search.slice(1);
    const answer = await browser().send(`${provider().issuer}/oauth/authorize`, {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: 'https://client.test' },
    });
    expect(answerOf(await browser().open(answer.location ?? '')).get('state')).toBe('inner-state');
  });
});

describe('an encrypted request object', () => {
  const encrypt = async (content: string, alg: string, enc: string, to: ImportedKey, kid?: string) =>
    new CompactEncrypt(Buffer.from(content))
      .setProtectedHeader({ alg, enc, cty: 'JWT', ...(kid === undefined ? {} : { kid }) })
      .encrypt(to);

  /** Our public key for an algorithm, as our JWKS shows it. */
  async function ourKey(alg: string): Promise<{ key: ImportedKey; kid: string }> {
    const { keys } = (await send(`${provider().issuer}/.well-known/jwks.json`)).json<{ keys: JWK[] }>();
    const jwk = keys.find((each) => each.use === 'enc' && each.kty === (alg.startsWith('RSA') ? 'RSA' : 'EC'));
    if (!jwk?.kid) throw new Error(`no key for ${alg}`);
    return { key: await importJWK(jwk, alg), kid: jwk.kid };
  }

  it.each(publicKeyManagementAlgorithms)('to our key by %s is opened, and its signature checked', async (alg) => {
    const { client } = await add();
    const { key: to, kid } = await ourKey(alg);
    const inside = await signed(key, objectOf(client));
    expect((await askWith(client, await encrypt(inside, alg, 'A256GCM', to, kid))).has('code')).toBe(true);
    const forged = await signed(clientKey('ES256'), objectOf(client));
    expect((await askWith(client, await encrypt(forged, alg, 'A256GCM', to, kid))).get('error')).toBe(
      'invalid_request_object',
    );
  });

  it.each(contentEncryptionAlgorithms)('by the content encryption %s is opened', async (enc) => {
    const { client } = await add();
    const { key: to, kid } = await ourKey('ECDH-ES');
    const inside = await signed(key, objectOf(client));
    expect((await askWith(client, await encrypt(inside, 'ECDH-ES', enc, to, kid))).has('code')).toBe(true);
  });

  it.each(secretKeyManagementAlgorithms)('by the secret and %s is opened', async (alg) => {
    const enc: ContentEncryptionAlgorithm = 'A128CBC-HS256';
    const { client, secret } = await add({ requestObjectEncryptionAlg: alg, requestObjectEncryptionEnc: enc });
    const to = keyFromSecret(secret, alg, enc);
    const inside = await signed(key, objectOf(client));
    expect((await askWith(client, await encrypt(inside, alg, enc, to))).has('code')).toBe(true);
  });

  it('by another algorithm than the registered one is rejected', async () => {
    const { client } = await add({ requestObjectEncryptionAlg: 'RSA-OAEP-256', requestObjectEncryptionEnc: 'A128GCM' });
    const { key: to, kid } = await ourKey('ECDH-ES');
    const inside = await signed(key, objectOf(client));
    expect((await askWith(client, await encrypt(inside, 'ECDH-ES', 'A128GCM', to, kid))).get('error')).toBe(
      'invalid_request_object',
    );
  });

  it('may be unsigned inside where the client is registered for none', async () => {
    const { client } = await add({ requestObjectSigningAlg: 'none' });
    const { key: to, kid } = await ourKey('ECDH-ES');
    const inside = new UnsecuredJWT(objectOf(client)).encode();
    expect((await askWith(client, await encrypt(inside, 'ECDH-ES', 'A128GCM', to, kid))).has('code')).toBe(true);
  });
});
