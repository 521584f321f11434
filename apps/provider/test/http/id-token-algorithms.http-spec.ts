import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import {
  compactDecrypt,
  CompactEncrypt,
  createLocalJWKSet,
  decodeProtectedHeader,
  importJWK,
  jwtVerify,
  type JSONWebKeySet,
} from 'jose';
import {
  contentEncryptionAlgorithms,
  keyFromSecret,
  macAlgorithms,
  publicKeyManagementAlgorithms,
  secretKeyManagementAlgorithms,
  signatureAlgorithms,
} from '@gatehouse/domain/jose';
import type { ClientDraft } from '@gatehouse/domain/oauth';
import { send, type Browser } from '../support/browser';
import { secretKey, signed } from '../support/client-jwts';
import { startKeyServer } from '../support/key-server';
import {
  answerOf,
  authorizationRequest,
  authorize,
  authorizeUrl,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';
import { obtainRefreshToken, obtainTokens, refresh, type Registered, type Tokens } from '../support/tokens';
import { RotateClientSecret } from '../../src/clients/operations/rotate-client-secret';

const hashes: Readonly<Record<string, string>> = {
  '256': 'sha256',
  '384': 'sha384',
  '512': 'sha512',
  DSA: 'sha512',
  '519': 'sha512',
};

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicJwk: Record<string, unknown>;
}
const published = (pair: { privateKey: KeyObject; publicKey: KeyObject }, kid: string): Pair => ({
  privateKey: pair.privateKey,
  publicJwk: { ...pair.publicKey.export({ format: 'jwk' }), kid, use: 'enc' },
});

describe('ID tokens by every algorithm', () => {
  let provider: TestProvider;
  let browser: Browser;
  let rsa: Pair;
  let ec: Pair;
  let x25519: Pair;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.1' } });
    browser = await provider.logIn(await provider.addUser());
    rsa = published(generateKeyPairSync('rsa', { modulusLength: 2048 }), 'rsa');
    ec = published(generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'ec');
    x25519 = published(generateKeyPairSync('x25519'), 'x');
  });
  afterAll(() => provider.close());

  const add = (draft: Partial<ClientDraft>): Promise<Registered> =>
    provider.addClient({ consentRequired: false, ...draft });
  const jwks = async () => (await send(`${provider.issuer}/.well-known/jwks.json`)).json<JSONWebKeySet>();
  const verify = async (jwt: string, registered: Registered, algorithm: string) =>
    jwtVerify(
      jwt,
      algorithm.startsWith('HS') ? () => Buffer.from(registered.secret) : createLocalJWKSet(await jwks()),
      {
        issuer: provider.issuer,
        audience: registered.client.id,
        algorithms: [algorithm],
        currentDate: new Date(provider.clock.milliseconds()),
      },
    );

  it.each(signatureAlgorithms)(
    '%s: verifies, with an at_hash by its hash (OpenID Connect Core 3.1.3.6)',
    async (alg) => {
      const registered = await add({ idTokenSignedResponseAlg: alg });
      const tokens = await obtainTokens(provider, browser, registered);
      const { payload, protectedHeader } = await verify(tokens.id_token ?? '', registered, alg);
      expect(protectedHeader.kid === undefined).toBe(alg.startsWith('HS'));
      const hash = createHash(hashes[alg.slice(-3)] ?? '')
        .update(tokens.access_token)
        .digest();
      expect(payload['at_hash']).toBe(hash.subarray(0, hash.length / 2).toString('base64url'));
    },
  );

  it.each(publicKeyManagementAlgorithms)(
    '%s: signed, then encrypted to a key of the client (RFC 7519 5.2)',
    async (alg) => {
      const pair = alg.startsWith('RSA') ? rsa : ec;
      for (const enc of contentEncryptionAlgorithms) {
        const registered = await add({
          jwks: { keys: [ec.publicJwk, rsa.publicJwk] },
          idTokenSignedResponseAlg: 'ES256',
          idTokenEncryptedResponseAlg: alg,
          idTokenEncryptedResponseEnc: enc,
        });
        const { id_token: jwe = '' } = await obtainTokens(provider, browser, registered);
        const { plaintext, protectedHeader } = await compactDecrypt(jwe, pair.privateKey);
        expect(protectedHeader).toMatchObject({ alg, enc, cty: 'JWT', kid: pair.publicJwk['kid'] });
        await verify(Buffer.from(plaintext).toString(), registered, 'ES256');
      }
    },
  );

  it.each(secretKeyManagementAlgorithms)(
    '%s: encrypted by a key made of the secret (OpenID Connect Core 10.2)',
    async (alg) => {
      for (const enc of contentEncryptionAlgorithms) {
        const registered = await add({ idTokenEncryptedResponseAlg: alg, idTokenEncryptedResponseEnc: enc });
        const { id_token: jwe = '' } = await obtainTokens(provider, browser, registered);
        const bits = alg === 'dir' ? keyFromSecret('x', alg, enc).length : Number(alg.slice(1, 4)) / 8;
        const size = bits <= 32 ? 'sha256' : bits <= 48 ? 'sha384' : 'sha512';
        const key = createHash(size).update(registered.secret).digest().subarray(0, bits);
        const { plaintext, protectedHeader } = await compactDecrypt(jwe, key);
        expect(protectedHeader).toMatchObject({ alg, enc, cty: 'JWT' });
        await verify(Buffer.from(plaintext).toString(), registered, 'RS256');
      }
    },
  );

  it('HS256 and encryption by the same secret go together', async () => {
    const registered = await add({ idTokenSignedResponseAlg: 'HS256', idTokenEncryptedResponseAlg: 'A256KW' });
    const { id_token: jwe = '' } = await obtainTokens(provider, browser, registered);
    const key = createHash('sha256').update(registered.secret).digest();
    const { plaintext, protectedHeader } = await compactDecrypt(jwe, key);
    // OpenID Connect Registration 2: what is meant where only the alg is said.
    expect(protectedHeader.enc).toBe('A128CBC-HS256');
    await verify(Buffer.from(plaintext).toString(), registered, 'HS256');
  });

  it('an X25519 key will do for ECDH-ES (RFC 8037 3.2)', async () => {
    const registered = await add({
      jwks: { keys: [x25519.publicJwk] },
      idTokenEncryptedResponseAlg: 'ECDH-ES+A128KW',
      idTokenEncryptedResponseEnc: 'A128GCM',
    });
    const { id_token: jwe = '' } = await obtainTokens(provider, browser, registered);
    const key = await importJWK({ ...x25519.privateKey.export({ format: 'jwk' }), alg: 'ECDH-ES+A128KW' });
    await verify(Buffer.from((await compactDecrypt(jwe, key)).plaintext).toString(), registered, 'RS256');
  });

  it('a refreshed ID token is made the same way', async () => {
    const registered = await add({ idTokenSignedResponseAlg: 'HS512', idTokenEncryptedResponseAlg: 'dir' });
    const { refresh_token: refreshToken } = await obtainRefreshToken(provider, browser, registered);
    const { id_token: jwe = '' } = (await refresh(provider, registered, refreshToken)).json<Tokens>();
    expect(decodeProtectedHeader(jwe).alg).toBe('dir');
    const { plaintext } = await compactDecrypt(jwe, keyFromSecret(registered.secret, 'dir', 'A128CBC-HS256'));
    await verify(Buffer.from(plaintext).toString(), registered, 'HS512');
  });

  it('is never sent in the clear where it cannot be encrypted, and the code is still good when it can', async () => {
    const server = await startKeyServer();
    try {
      const registered = await add({
        jwksUri: server.url,
        idTokenEncryptedResponseAlg: 'RSA-OAEP-256',
        idTokenEncryptedResponseEnc: 'A256GCM',
      });
      server.keys = [{ ...rsa.publicJwk, use: 'sig' }, ec.publicJwk];
      const { code, verifier } = await authorize(provider, browser, registered.client);
      const refused = await redeem(provider, registered, code, verifier);
      expect(refused.status).toBe(400);
      expect(refused.json()).toMatchObject({ error: 'invalid_request' });
      server.keys = [rsa.publicJwk];
      const answer = await redeem(provider, registered, code, verifier);
      expect(answer.status).toBe(200);
      const jwe = answer.json<{ id_token: string }>().id_token;
      expect((await compactDecrypt(jwe, rsa.privateKey)).protectedHeader.kid).toBe('rsa');
    } finally {
      await server.close();
    }
  });

  it('from the authorization endpoint, too: an error to the client, never the token in the clear', async () => {
    const server = await startKeyServer();
    try {
      const registered = await add({
        grantTypes: ['authorization_code', 'implicit'],
        responseTypes: ['code id_token'],
        jwksUri: server.url,
        idTokenEncryptedResponseAlg: 'RSA-OAEP',
      });
      const ask = async () => {
        const { parameters } = authorizationRequest(registered.client, { response_type: 'code id_token' });
        const answer = await browser.open(authorizeUrl(provider, parameters));
        return new URLSearchParams(new URL(answer.location ?? '').hash.slice(1));
      };
      const refused = await ask();
      expect(refused.get('error')).toBe('invalid_request');
      expect(refused.has('id_token') || refused.has('code')).toBe(false);
      server.keys = [rsa.publicJwk];
      const jwe = (await ask()).get('id_token') ?? '';
      await verify(Buffer.from((await compactDecrypt(jwe, rsa.privateKey)).plaintext).toString(), registered, 'RS256');
    } finally {
      await server.close();
    }
  });

  it('a public client is rejected HMAC and encryption by a secret: it has none', async () => {
    for (const draft of [{ idTokenSignedResponseAlg: 'HS256' }, { idTokenEncryptedResponseAlg: 'dir' }])
      await expect(add({ type: 'public', authMethod: 'none', ...draft })).rejects.toThrow('no secret');
  });

  it('after a rotation the newest secret signs, and hints by the old one hold for the overlap', async () => {
    const registered = await add({ idTokenSignedResponseAlg: 'HS256' });
    const { id_token: old = '' } = await obtainTokens(provider, browser, registered);
    const fresh = await provider.execute(RotateClientSecret, { id: registered.client.id, overlapSeconds: 100 });
    const renewed = { client: registered.client, secret: fresh ?? '' };
    const { id_token: idToken = '' } = await obtainTokens(provider, browser, renewed);
    await verify(idToken, renewed, 'HS256');
    expect(await hinted(registered, old)).toBe('code');
    provider.clock.advance(101);
    expect(await hinted(registered, old)).toBe('invalid_request');
  });

  /** What `prompt=none` with a hint answers with: `code`, or the error. */
  async function hinted({ client }: Registered, hint: string): Promise<string> {
    const { parameters } = authorizationRequest(client, { prompt: 'none', id_token_hint: hint });
    const answer = answerOf(await browser.open(authorizeUrl(provider, parameters)));
    return answer.has('code') ? 'code' : (answer.get('error') ?? '');
  }

  describe('id_token_hint (OpenID Connect Core 3.1.2.1)', () => {
    it.each(signatureAlgorithms)('signed by %s is accepted', async (alg) => {
      const registered = await add({ idTokenSignedResponseAlg: alg });
      const { id_token: idToken = '' } = await obtainTokens(provider, browser, registered);
      expect(await hinted(registered, idToken)).toBe('code');
      const [header, , signature] = idToken.split('.');
      const payload = Buffer.from(JSON.stringify({ iss: provider.issuer, aud: registered.client.id, sub: 'x' }));
      expect(await hinted(registered, `${header}.${payload.toString('base64url')}.${signature}`)).toBe(
        'invalid_request',
      );
    });

    it.each(macAlgorithms)('by %s and a secret is that of the client that aud names, and of no other', async (alg) => {
      const registered = await add({ idTokenSignedResponseAlg: alg });
      const other = await add({ idTokenSignedResponseAlg: alg });
      const plain = await add({});
      const claims = { iss: provider.issuer, aud: registered.client.id, sub: 'nobody' };
      const by = (secret: string, changes: object) => signed(secretKey(secret, alg), { ...claims, ...changes });
      // It is genuine and names someone else: the person at hand is not that one.
      expect(await hinted(registered, await by(registered.secret, {}))).toBe('login_required');
      expect(await hinted(registered, await by(other.secret, {}))).toBe('invalid_request');
      expect(await hinted(registered, await by(registered.secret, { aud: other.client.id }))).toBe('invalid_request');
      expect(await hinted(registered, await by(registered.secret, { aud: [registered.client.id] }))).toBe(
        'invalid_request',
      );
      expect(await hinted(registered, await by(registered.secret, { iss: 'https://other.example' }))).toBe(
        'invalid_request',
      );
      expect(await hinted(plain, await by(plain.secret, { aud: plain.client.id }))).toBe('invalid_request');
    });

    it.each([...publicKeyManagementAlgorithms, ...secretKeyManagementAlgorithms])(
      'encrypted to us again by %s opens, at logout too',
      async (alg) => {
        const bySecret = secretKeyManagementAlgorithms.find((each) => each === alg);
        const registered = await add({
          idTokenSignedResponseAlg: 'ES256',
          ...(bySecret ? { idTokenEncryptedResponseAlg: alg } : {}),
        });
        let { id_token: idToken = '' } = await obtainTokens(provider, browser, registered);
        const enc = 'A256GCM';
        const ours = (await jwks()).keys.find(
          (key) => key.use === 'enc' && key.kty === (alg.startsWith('RSA') ? 'RSA' : 'EC'),
        );
        const key = bySecret ? keyFromSecret(registered.secret, bySecret, enc) : await importJWK({ ...ours, alg });
        if (bySecret) {
          const opened = await compactDecrypt(idToken, keyFromSecret(registered.secret, bySecret, 'A128CBC-HS256'));
          idToken = Buffer.from(opened.plaintext).toString();
        }
        const encrypt = (text: string) =>
          new CompactEncrypt(Buffer.from(text))
            .setProtectedHeader({ alg, enc, ...(bySecret ? {} : { kid: ours?.kid ?? '' }), cty: 'JWT' })
            .encrypt(key);
        expect(await hinted(registered, await encrypt(idToken))).toBe('code');
        expect(await hinted(registered, await encrypt('not a jwt'))).toBe('invalid_request');
        expect(await hinted(registered, await encrypt(await encrypt(idToken)))).toBe('invalid_request');

        const visitor = await provider.logIn(await provider.addUser());
        const own = await obtainTokens(provider, visitor, registered);
        const hint = bySecret ? (own.id_token ?? '') : await encrypt(own.id_token ?? '');
        const url = `${provider.base}/oauth/logout?${new URLSearchParams({ id_token_hint: hint, client_id: registered.client.id }).toString()}`;
        await visitor.open(url);
        // The hint identifies the user: the session ends without confirmation.
        expect((await visitor.open(`${provider.base}/home`)).text).toContain('name="password"');
      },
    );
  });
});
