import { createHash, createHmac, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { outcomeOf } from '../../test/outcome.js';
import { encodeSigningInput, jwkThumbprint, signatureOf, type Jwk, type JwsAlgorithm } from '../jose/index.js';
import { epochSeconds } from '../kernel/index.js';
import { checkDpopProof, checkProofUnderProfile, isJkt, type DpopContext } from './dpop.js';

type Members = Readonly<Record<string, unknown>>;

const now = epochSeconds(1_800_000_000);
const context: DpopContext = { method: 'POST', uri: 'https://op.example/oauth/token', now };
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = pair.publicKey.export({ format: 'jwk' });

/** JSON leaves out what is undefined. */
const plain = (members: Members): Record<string, unknown> =>
  JSON.parse(JSON.stringify(members)) as Record<string, unknown>;

function proof(
  claims: Members = {},
  header: Members = {},
  signer = pair.privateKey,
  algorithm: JwsAlgorithm = 'ES256',
): string {
  const input = encodeSigningInput(
    plain({ typ: 'dpop+jwt', alg: algorithm, jwk, ...header }),
    plain({ htm: 'POST', htu: context.uri, iat: now, jti: 'one', ...claims }),
  );
  return `${input}.${signatureOf(algorithm, signer, input).toString('base64url')}`;
}

function reasonOf(text: string, changed: Partial<DpopContext> = {}): string {
  const outcome = outcomeOf(() => checkDpopProof(text, { ...context, ...changed }));
  return typeof outcome === 'string' ? outcome.replace(/^invalid_dpop_proof /, '') : 'accepted';
}

describe('checkDpopProof', () => {
  it('gives the thumbprint of the key, the id, and until when the id must be remembered (RFC 9449 4.3)', () => {
    expect(checkDpopProof(proof({ nonce: 'n' }), context)).toEqual({
      jkt: jwkThumbprint(jwk as Jwk),
      jti: 'one',
      nonce: 'n',
      algorithm: 'ES256',
      issuedAt: now,
      expiresAt: now + 301,
    });
  });

  it.each<['none' | 'fapi-2-security', JwsAlgorithm, number, string | undefined]>([
    ['none', 'RS256', 60, undefined],
    ['fapi-2-security', 'ES256', 10, undefined],
    ['fapi-2-security', 'Ed25519', 0, undefined],
    ['fapi-2-security', 'ES256', 11, 'invalid_dpop_proof dpop.future'],
    ['fapi-2-security', 'RS256', 0, 'invalid_dpop_proof dpop.profile_alg'],
    ['fapi-2-security', 'ES384', 0, 'invalid_dpop_proof dpop.profile_alg'],
  ])('under %s by %s, %i seconds ahead: %s (FAPI 2.0 5.3.2.1, 5.4.1)', (profile, algorithm, ahead, refused) => {
    expect(outcomeOf(() => checkProofUnderProfile({ algorithm, issuedAt: now + ahead }, profile, now))).toBe(refused);
  });

  it.each<[string, () => { publicKey: typeof pair.publicKey; privateKey: typeof pair.privateKey }]>([
    ['ES384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['EdDSA', () => generateKeyPairSync('ed25519')],
    ['Ed25519', () => generateKeyPairSync('ed25519')],
    ['PS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ])('takes %s', (algorithm, make) => {
    const { publicKey, privateKey } = make();
    const text = proof({}, { jwk: publicKey.export({ format: 'jwk' }) }, privateKey, algorithm as JwsAlgorithm);
    expect(reasonOf(text)).toBe('accepted');
  });

  it.each<[string, Members, Members, string]>([
    ['another typ', {}, { typ: 'JWT' }, 'dpop.typ'],
    ['no typ', {}, { typ: undefined }, 'dpop.typ'],
    ['alg none', {}, { alg: 'none' }, 'dpop.alg'],
    ['HS256', {}, { alg: 'HS256' }, 'dpop.alg'],
    ['an alg of another kind of key', {}, { alg: 'RS256' }, 'dpop.jwk'],
    ['no jwk', {}, { jwk: undefined }, 'dpop.jwk'],
    ['a jwk that is a text', {}, { jwk: 'key' }, 'dpop.jwk'],
    ['a jwk with its private member', {}, { jwk: pair.privateKey.export({ format: 'jwk' }) }, 'dpop.jwk'],
    ['a symmetric jwk', {}, { jwk: { kty: 'oct', k: 'AAAA' } }, 'dpop.jwk'],
    ['a point off the curve', {}, { jwk: { ...jwk, y: jwk.x } }, 'dpop.jwk'],
    ['a jwk that is for encryption', {}, { jwk: { ...jwk, use: 'enc' } }, 'dpop.jwk'],
    ['crit', {}, { crit: ['x'], x: 1 }, 'dpop.malformed'],
    ['another method', { htm: 'GET' }, {}, 'dpop.htm'],
    ['the method in small letters', { htm: 'post' }, {}, 'dpop.htm'],
    ['no htm', { htm: undefined }, {}, 'dpop.htm'],
    ['another endpoint', { htu: 'https://op.example/oauth/par' }, {}, 'dpop.htu'],
    ['another host', { htu: 'https://evil.example/oauth/token' }, {}, 'dpop.htu'],
    ['another scheme', { htu: 'http://op.example/oauth/token' }, {}, 'dpop.htu'],
    ['another port', { htu: 'https://op.example:444/oauth/token' }, {}, 'dpop.htu'],
    ['a user name', { htu: 'https://user@op.example/oauth/token' }, {}, 'dpop.htu'],
    ['a path of other letters', { htu: 'https://op.example/OAuth/token' }, {}, 'dpop.htu'],
    ['a password', { htu: 'https://:secret@op.example/oauth/token' }, {}, 'dpop.htu'],
    ['an escape that is a part of the path', { htu: 'https://op.example/oauth%2Ftoken' }, {}, 'dpop.htu'],
    ['no htu', { htu: undefined }, {}, 'dpop.htu'],
    ['a relative htu', { htu: '/oauth/token' }, {}, 'dpop.htu'],
    ['a list of htu', { htu: [context.uri] }, {}, 'dpop.htu'],
    ['a long htu', { htu: `${context.uri}?${'a'.repeat(4000)}` }, {}, 'dpop.htu'],
    ['no iat', { iat: undefined }, {}, 'dpop.iat'],
    ['a text as iat', { iat: String(now) }, {}, 'dpop.iat'],
    ['an old iat', { iat: now - 300 }, {}, 'dpop.old'],
    ['a negative iat', { iat: -1 }, {}, 'dpop.old'],
    ['an iat to come', { iat: now + 61 }, {}, 'dpop.future'],
    ['an iat beyond numbers', { iat: 1e300 }, {}, 'dpop.future'],
    ['no jti', { jti: undefined }, {}, 'dpop.jti'],
    ['an empty jti', { jti: '' }, {}, 'dpop.jti'],
    ['a number as jti', { jti: 1 }, {}, 'dpop.jti'],
    ['an oversized jti', { jti: 'a'.repeat(1001) }, {}, 'dpop.jti'],
    ['a nonce that is no text', { nonce: 1 }, {}, 'dpop.nonce'],
    ['an oversized nonce', { nonce: 'a'.repeat(201) }, {}, 'dpop.nonce'],
  ])('refuses %s', (_name, claims, header, reason) => {
    expect(reasonOf(proof(claims, header))).toBe(reason);
  });

  it('refuses what another key signed, and HMAC with the public key as its secret (RFC 8725 2.1)', () => {
    expect(reasonOf(proof({}, {}, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey))).toBe(
      'dpop.signature',
    );
    const input = encodeSigningInput({ typ: 'dpop+jwt', alg: 'HS256', jwk }, {});
    const pem = pair.publicKey.export({ format: 'pem', type: 'spki' });
    expect(reasonOf(`${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`)).toBe('dpop.alg');
  });

  it.each(['', 'x', 'a.b.c', `${proof()}, ${proof()}`, `${proof()}.`, proof({ pad: 'a'.repeat(9000) })])(
    'refuses what is not one well-formed JWT (%#)',
    (text) => expect(reasonOf(text)).toBe('dpop.malformed'),
  );

  it.each([
    'https://op.example/oauth/token?query=1#fragment',
    'HTTPS://OP.example:443/oauth/token',
    'https://op.example/oauth/%74oken',
    'https://op.example/x/../oauth/token',
  ])('takes %s for this endpoint (RFC 9449 4.3 item 9, RFC 3986 6.2)', (htu) => {
    expect(reasonOf(proof({ htu }))).toBe('accepted');
  });

  it('takes what is as long, or as far ahead, as it may be', () => {
    const longest = `${context.uri}?`.padEnd(4000, 'a');
    expect(reasonOf(proof({ htu: longest, jti: 'a'.repeat(1000), nonce: 'a'.repeat(200), iat: now + 60 }))).toBe(
      'accepted',
    );
    expect(reasonOf(proof({ iat: now - 299.5 }))).toBe('accepted');
  });

  it('compares the escapes that stay in a path in capitals (RFC 3986 6.2.2.1)', () => {
    const uri = 'https://op.example/a%2Fb';
    expect(reasonOf(proof({ htu: 'https://op.example/a%2fb' }), { uri })).toBe('accepted');
    expect(reasonOf(proof({ htu: 'https://op.example/a/b' }), { uri })).toBe('dpop.htu');
  });

  it.each(['httpsx://op.example/oauth/token', 'xhttps://op.example/oauth/token', 'urn:op:token'])(
    'refuses %s, which is no web address, even as the address of the endpoint',
    (uri) => expect(reasonOf(proof({ htu: uri }), { uri })).toBe('dpop.htu'),
  );

  it('takes an http address where the endpoint has one', () => {
    const uri = 'http://localhost:5000/oauth/token';
    expect(reasonOf(proof({ htu: uri }), { uri })).toBe('accepted');
  });

  it('wants the hash of the access token where one comes with it (RFC 9449 4.3 item 12)', () => {
    const ath = createHash('sha256').update('token').digest('base64url');
    expect(reasonOf(proof({ ath }), { accessToken: 'token' })).toBe('accepted');
    expect(reasonOf(proof({ ath }), { accessToken: 'another' })).toBe('dpop.ath');
    expect(reasonOf(proof(), { accessToken: 'token' })).toBe('dpop.ath');
  });

  it('never throws anything but its refusal', () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => expect(reasonOf(text)).toBe('dpop.malformed')));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (members) => {
        expect(reasonOf(proof({ htm: undefined, ...members }))).toMatch(/^dpop\./);
        expect(reasonOf(proof({}, { jwk: members }))).toBe('dpop.jwk');
      }),
      { numRuns: 50 },
    );
  });
});

it('isJkt takes a SHA-256 in base64url and nothing else', () => {
  expect(isJkt(jwkThumbprint(jwk as Jwk))).toBe(true);
  for (const text of ['', 'AAAA', 'A'.repeat(42) + '=', 'A'.repeat(44), 'A'.repeat(42) + 'B'])
    expect(isJkt(text)).toBe(false);
});
