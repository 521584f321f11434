import { generateKeyPairSync } from 'node:crypto';
import {
  mayEncrypt,
  mayVerify,
  maxKeysInSet,
  publicKeyProblem,
  readKeySet,
  verificationKeys,
  type PublicKey,
} from './key-set.js';
import type { Jwk } from './jwk.js';

/** The public key of RFC 7517 A.1. */
const ec: Jwk = {
  kty: 'EC',
  crv: 'P-256',
  x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
  y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
  use: 'enc',
  kid: '1',
};
const rsaOf = (modulusLength: number): Jwk =>
  generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ format: 'jwk' });
const rsa = rsaOf(2048);
const x25519 = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });
const one = (jwk: Jwk) => {
  const key = readKeySet({ keys: [jwk] })?.[0];
  if (!key) throw new Error('not usable');
  return key;
};

describe('verificationKeys', () => {
  const { use: _use, kid: _kid, ...bareEc } = ec;
  const key = (kid: string | undefined, members: object = {}): PublicKey => ({
    ...one({ ...bareEc, ...members }),
    kid,
  });
  const choose = (keys: readonly PublicKey[], kid: string | undefined) =>
    verificationKeys(keys, { algorithm: 'ES256', kid });
  const [a, b, bare] = [key('a'), key('b'), key(undefined)];

  it.each<[string, readonly PublicKey[], string | undefined, ReturnType<typeof choose>]>([
    ['the one that the kid names', [a, b, bare], 'b', [b]],
    ['the only one that fits where no kid is sent', [key('r', rsa), a], undefined, [a]],
    ['none of several where no kid is sent', [a, b], undefined, 'kid_missing'],
    ['none of several without a kid where none is sent', [bare, bare], undefined, 'kid_missing'],
    ['those without a kid where the kid names none', [a, bare], 'c', [bare]],
    ['two of the same kid at most', [a, a, a], 'a', [a, a]],
    ['two without a kid at most', [bare, bare, bare], 'c', [bare, bare]],
    ['none where the kid names another', [a, b], 'c', []],
    ['none where none fits', [key('a', { use: 'enc' })], 'a', []],
    ['none of an empty set', [], undefined, []],
  ])('are %s', (_name, keys, kid, chosen) => {
    expect(choose(keys, kid)).toEqual(chosen);
  });
});

describe('publicKeyProblem', () => {
  it.each<[string, Jwk]>([
    ['a private member', { ...ec, d: 'x' }],
    ['a symmetric key', { kty: 'oct', k: 'AAAA' }],
    ['an RSA key of 1024 bits (RFC 7518 3.3)', rsaOf(1024)],
    [
      'zeros before a short modulus',
      { ...rsa, n: Buffer.concat([Buffer.alloc(200), Buffer.alloc(128, 255)]).toString('base64url') },
    ],
    ['an RSA key of more than 8192 bits', { ...rsa, n: Buffer.alloc(1025, 255).toString('base64url') }],
    ['a long exponent', { ...rsa, e: Buffer.alloc(200, 255).toString('base64url') }],
    ['the exponent 1', { ...rsa, e: 'AQ' }],
    ['an even exponent', { ...rsa, e: 'BA' }],
    ['no modulus', { kty: 'RSA', e: 'AQAB' }],
    ['a modulus that is no text', { kty: 'RSA', e: 'AQAB', n: 5 as unknown as string }],
    ['a curve that is not used', { ...ec, crv: 'secp256k1' }],
    ['a type that every object has', { kty: 'constructor' }],
    ['no type', {}],
  ])('refuses %s', (_name, jwk) => {
    expect(publicKeyProblem(jwk)).toEqual(expect.any(String));
    expect(readKeySet({ keys: [jwk] })).toEqual([]);
  });

  it.each<[string, Jwk]>([
    ['RSA', rsa],
    ['P-256', ec],
    ['X25519', x25519],
  ])('takes %s', (_name, jwk) => expect(publicKeyProblem(jwk)).toBeUndefined());
});

describe('readKeySet (RFC 7517 5)', () => {
  it('passes over keys that it cannot use, and keeps the others', () => {
    const keys = [ec, { kty: 'AKP', pub: 'x' }, null, 'text', { ...ec, y: ec.x }, { ...ec, x: 1 }];
    expect(readKeySet({ keys })?.map(({ kid }) => kid)).toEqual(['1']);
  });

  it.each([[undefined], [null], [[]], [{}], [{ keys: {} }], [{ keys: Array(maxKeysInSet + 1).fill(ec) }]])(
    'is undefined for what is no set, or too large a one (%#)',
    (value) => expect(readKeySet(value)).toBeUndefined(),
  );
});

describe('what a key may be used for (RFC 7517 4.2 to 4.4)', () => {
  const { use: _use, ...plain } = ec;

  it('is what its use, alg and key_ops say', () => {
    expect(mayVerify(one(plain), 'ES256')).toBe(true);
    expect(mayVerify(one(ec), 'ES256')).toBe(false);
    expect(mayVerify(one({ ...plain, alg: 'ES384' }), 'ES256')).toBe(false);
    const ed = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
    // Two names of one algorithm (RFC 9864).
    expect(mayVerify(one({ ...ed, alg: 'EdDSA' }), 'Ed25519')).toBe(true);
    expect(mayVerify(one({ ...ed, alg: 'Ed25519' }), 'EdDSA')).toBe(true);
    expect(mayVerify(one({ ...ed, alg: 'ES256' }), 'EdDSA')).toBe(false);
    expect(mayVerify(one({ ...plain, key_ops: ['deriveKey'] }), 'ES256')).toBe(false);
    expect(mayVerify(one({ ...plain, key_ops: ['verify'] }), 'ES256')).toBe(true);
    expect(mayEncrypt(one(ec), 'ECDH-ES')).toBe(true);
    expect(mayEncrypt(one({ ...ec, alg: 'ECDH-ES+A128KW' }), 'ECDH-ES')).toBe(false);
    expect(mayEncrypt(one({ ...plain, use: 'sig' }), 'ECDH-ES')).toBe(false);
    expect(mayEncrypt(one({ ...plain, key_ops: ['verify'] }), 'ECDH-ES')).toBe(false);
  });

  it('is never what its type is not made for', () => {
    expect(mayVerify(one(plain), 'ES384')).toBe(false);
    expect(mayVerify(one(plain), 'RS256')).toBe(false);
    expect(mayVerify(one(rsa), 'EdDSA')).toBe(false);
    expect(mayVerify(one(x25519), 'EdDSA')).toBe(false);
    expect(mayEncrypt(one(rsa), 'RSA-OAEP')).toBe(true);
    expect(mayEncrypt(one(rsa), 'ECDH-ES')).toBe(false);
    expect(mayEncrypt(one(plain), 'RSA-OAEP-256')).toBe(false);
    expect(mayEncrypt(one(x25519), 'ECDH-ES+A256KW')).toBe(true);
  });
});
