import { jwkThumbprint, publicJwk } from './jwk.js';

describe('jwkThumbprint', () => {
  it('gives the thumbprint of RFC 7638 3.1', () => {
    const jwk = {
      kty: 'RSA',
      n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
      e: 'AQAB',
      alg: 'RS256',
      kid: '2011-04-29',
    };
    expect(jwkThumbprint(jwk)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  });

  it('gives the thumbprint of RFC 8037 A.3, for the private key too', () => {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
    expect(jwkThumbprint(jwk)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
    expect(jwkThumbprint({ ...jwk, d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A' })).toBe(jwkThumbprint(jwk));
  });

  it('does not depend on the order of members', () => {
    const members = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' };
    expect(jwkThumbprint(Object.fromEntries(Object.entries(members).reverse()))).toBe(jwkThumbprint(members));
  });

  it.each([
    ['no type', {}],
    ['a symmetric key', { kty: 'oct', k: 'AAAA' }],
    ['a name that every object has', { kty: 'constructor' }],
    ['a missing member', { kty: 'EC', crv: 'P-256', x: 'x' }],
    ['a member that is no text', { kty: 'RSA', n: 'n', e: 65537 as unknown as string }],
  ])('throws for %s', (_name, jwk) => {
    expect(() => jwkThumbprint(jwk)).toThrow(TypeError);
  });
});

describe('publicJwk', () => {
  it.each([
    ['RSA', { kty: 'RSA', n: 'n', e: 'AQAB' }, { d: 'd', p: 'p', q: 'q', dp: 'dp', dq: 'dq', qi: 'qi', oth: [] }],
    ['EC', { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }, { d: 'd' }],
    ['OKP', { kty: 'OKP', crv: 'Ed25519', x: 'x' }, { d: 'd' }],
  ])('leaves only the public members of an %s key (RFC 7518 6, RFC 8037 2)', (_kty, shown, secret) => {
    const named = { ...shown, kid: 'k', alg: 'a', use: 'sig' };
    expect(publicJwk({ ...named, ...secret, key_ops: ['sign'], unheardOf: 'secret' })).toEqual(named);
  });

  it.each([{ kty: 'oct', k: 'AAAA' }, { kty: 'AKP', pub: 'p', priv: 's' }, {}])('throws for %j', (jwk) => {
    expect(() => publicJwk(jwk)).toThrow(TypeError);
  });
});
