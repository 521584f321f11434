import { createPublicKey, verify } from 'node:crypto';
import fc from 'fast-check';
import { encodeBase64url } from '../kernel/index.js';
import { encodeSigningInput, leftHalfHash, parseJws } from './jws.js';

const maxLength = 4000;
const encode = (text: string): string => encodeBase64url(Buffer.from(text));
const header = encode('{"alg":"ES256"}');
const payload = encode('{"sub":"248289761001"}');

describe('parseJws', () => {
  it('reads the example of RFC 7515 A.3, whose signature then verifies', () => {
    const compact =
      'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q';
    const jws = parseJws(compact, { maxLength });
    expect(jws?.header).toEqual({ alg: 'ES256' });
    expect(jws?.payload).toEqual({ iss: 'joe', exp: 1300819380, 'http://example.com/is_root': true });
    const key = createPublicKey({
      format: 'jwk',
      key: {
        kty: 'EC',
        crv: 'P-256',
        x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
        y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
      },
    });
    expect(
      jws && verify('sha256', Buffer.from(jws.signingInput), { key, dsaEncoding: 'ieee-p1363' }, jws.signature),
    ).toBe(true);
  });

  it('reads an unsecured one with an empty signature, for the caller to refuse (RFC 7519 6.1)', () => {
    const jws = parseJws('eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UifQ.', { maxLength });
    expect(jws?.header.alg).toBe('none');
    expect(jws?.signature.length).toBe(0);
  });

  it.each([
    ['nothing', ''],
    ['two parts', `${header}.${payload}`],
    ['four parts', `${header}.${payload}.AAAA.AAAA`],
    ['five parts, which is a JWE', `${header}....`],
    ['an empty header', `.${payload}.AAAA`],
    ['an empty payload', `${header}..AAAA`],
    ['padding', `${header}=.${payload}.AAAA`],
    ['a signature with unused bits', `${header}.${payload}.AB`],
    ['a header that is no JSON', `${encode('{alg}')}.${payload}.AAAA`],
    ['a header that is a list', `${encode('["ES256"]')}.${payload}.AAAA`],
    ['a header without alg', `${encode('{"typ":"JWT"}')}.${payload}.AAAA`],
    ['an alg that is no text', `${encode('{"alg":1}')}.${payload}.AAAA`],
    ['a crit header (RFC 7515 4.1.11)', `${encode('{"alg":"ES256","crit":["exp"],"exp":1}')}.${payload}.AAAA`],
    ['a payload that is null', `${header}.${encode('null')}.AAAA`],
    ['a payload that is text', `${header}.${encode('"joe"')}.AAAA`],
    ['bytes that are not UTF-8', `${header}.${encodeBase64url(Buffer.from('{"a":"\xff"}', 'latin1'))}.AAAA`],
    ['a byte order mark', `${header}.${encode('\ufeff{}')}.AAAA`],
  ])('refuses %s', (_name, compact) => {
    expect(parseJws(compact, { maxLength })).toBeUndefined();
  });

  it('does not look at what is longer than the bound', () => {
    const compact = `${header}.${payload}.AAAA`;
    expect(parseJws(compact, { maxLength: compact.length })).toBeDefined();
    expect(parseJws(compact, { maxLength: compact.length - 1 })).toBeUndefined();
  });

  it('reads back what was written', () => {
    const claims = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 6 });
    fc.assert(
      fc.property(claims, fc.uint8Array({ maxLength: 64 }), (written, signature) => {
        const input = encodeSigningInput({ alg: 'EdDSA', kid: 'k' }, written);
        const jws = parseJws(`${input}.${encodeBase64url(signature)}`, { maxLength: 1_000_000 });
        expect(jws?.header).toEqual({ alg: 'EdDSA', kid: 'k' });
        expect(JSON.stringify(jws?.payload)).toBe(JSON.stringify(written));
        expect(jws?.signingInput).toBe(input);
        expect(jws?.signature).toEqual(Buffer.from(signature));
      }),
    );
  });

  it('never throws', () => {
    const part = fc.oneof(
      fc.string(),
      fc.string().map(encode),
      fc.jsonValue().map((value) => encode(JSON.stringify(value))),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        expect(() => parseJws(parts.join('.'), { maxLength })).not.toThrow();
      }),
    );
  });
});

describe('leftHalfHash', () => {
  it('gives the at_hash and c_hash of OpenID Connect Core A.3 and A.4', () => {
    expect(leftHalfHash('jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y', 'RS256')).toBe('77QmUPtjPfzWtF2AnpK9RQ');
    expect(leftHalfHash('Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk', 'RS256')).toBe(
      'LDktKdoQak3Pk0cnXxCltA',
    );
  });

  it('uses the hash of the algorithm: that of its name, SHA-512 inside Ed25519', () => {
    for (const size of ['256', '384', '512'] as const) {
      expect(leftHalfHash('token', `ES${size}`)).toBe(leftHalfHash('token', `RS${size}`));
      expect(leftHalfHash('token', `HS${size}`)).toBe(leftHalfHash('token', `PS${size}`));
      expect(Buffer.from(leftHalfHash('token', `PS${size}`), 'base64url')).toHaveLength(Number(size) / 16);
    }
    for (const name of ['EdDSA', 'Ed25519'] as const)
      expect(leftHalfHash('token', name)).toBe(leftHalfHash('token', 'RS512'));
  });
});
