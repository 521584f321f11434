import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import {
  contentEncryptionAlgorithms,
  keyFromSecret,
  publicKeyManagementAlgorithms,
  secretKeyManagementAlgorithms,
} from '@gatehouse/domain/jose';
import { decryptJwe, encryptJwe, isJwe, readJweHeader } from './jwe.js';

const frodo =
  'You can trust us to stick with you through thick and thin–to the bitter end. And you can trust us to keep any ' +
  'secret of yours–closer than you keep it yourself. But you cannot trust us to let you face trouble alone, and go ' +
  'off without a word. We are your friends, Frodo.';
const ec = createPrivateKey({
  format: 'jwk',
  key: {
    kty: 'EC',
    crv: 'P-256',
    x: 'Ze2loSV3wrroKUN_4zhwGhCqo3Xhu1td4QjeQ5wIVR0',
    y: 'HlLtdXARY_f55A3fnzQbPcm6hgr34Mp8p-nuzQCE0Zw',
    d: 'r_kHyZ-a06rmxM3yESK84r1otSg-aQcVStkRhA-iCM8',
  },
});
const vectors: readonly (readonly [string, KeyObject | Buffer, string])[] = [
  [
    'RFC 7520 5.5: ECDH-ES, A128CBC-HS256',
    ec,
    'eyJhbGciOiJFQ0RILUVTIiwia2lkIjoibWVyaWFkb2MuYnJhbmR5YnVja0BidWNrbGFuZC5leGFtcGxlIiwiZXBrIjp7Imt0eSI6IkVDIiwiY3J2IjoiUC0yNTYiLCJ4IjoibVBVS1RfYkFXR0hJaGcwVHBqanFWc1AxclhXUXVfdndWT0hIdE5rZFlvQSIsInkiOiI4QlFBc0ltR2VBUzQ2ZnlXdzVNaFlmR1RUMElqQnBGdzJTUzM0RHY0SXJzIn0sImVuYyI6IkExMjhDQkMtSFMyNTYifQ..yc9N8v5sYyv3iGQT926IUg.BoDlwPnTypYq-ivjmQvAYJLb5Q6l-F3LIgQomlz87yW4OPKbWE1zSTEFjDfhU9IPIOSA9Bml4m7iDFwA-1ZXvHteLDtw4R1XRGMEsDIqAYtskTTmzmzNa-_q4F_evAPUmwlO-ZG45Mnq4uhM1fm_D9rBtWolqZSF3xGNNkpOMQKF1Cl8i8wjzRli7-IXgyirlKQsbhhqRzkv8IcY6aHl24j03C-AR2le1r7URUhArM79BY8soZU0lzwI-sD5PZ3l4NDCCei9XkoIAfsXJWmySPoeRb2Ni5UZL4mYpvKDiwmyzGd65KqVw7MsFfI_K767G9C9Azp73gKZD0DyUn1mn0WW5LmyX_yJ-3AROq8p1WZBfG-ZyJ6195_JGG2m9Csg.WCCkNa-x4BeB9hIDIfFuhg',
  ],
  [
    'RFC 7520 5.6: dir, A128GCM',
    Buffer.from('XctOhJAkA-pD9Lh7ZgW_2A', 'base64url'),
    'eyJhbGciOiJkaXIiLCJraWQiOiI3N2M3ZTJiOC02ZTEzLTQ1Y2YtODY3Mi02MTdiNWI0NTI0M2EiLCJlbmMiOiJBMTI4R0NNIn0..refa467QzzKx6QAB.JW_i_f52hww_ELQPGaYyeAB6HYGcR559l9TYnSovc23XJoBcW29rHP8yZOZG7YhLpT1bjFuvZPjQS-m0IFtVcXkZXdH_lr_FrdYt9HRUYkshtrMmIUAyGmUnd9zMDB2n0cRDIHAzFVeJUDxkUwVAE7_YGRPdcqMyiBoCO-FBdE-Nceb4h3-FtBP-c_BIwCPTjb9o0SbdcdREEMJMyZBH8ySWMVi1gPD9yxi-aQpGbSv_F9N4IZAxscj5g-NJsUPbjk29-s7LJAGb15wEBtXphVCgyy53CoIKLHHeJHXex45Uz9aKZSRSInZI-wjsY0yu3cT4_aQ3i1o-tiE-F8Ios61EKgyIQ4CWao8PFMj8TTnp.vbb32Xvllea2OtmHAdccRQ',
  ],
  [
    'RFC 7520 5.8: A128KW, A128GCM',
    Buffer.from('GZy6sIZ6wl9NJOKB-jnmVQ', 'base64url'),
    'eyJhbGciOiJBMTI4S1ciLCJraWQiOiI4MWIyMDk2NS04MzMyLTQzZDktYTQ2OC04MjE2MGFkOTFhYzgiLCJlbmMiOiJBMTI4R0NNIn0.CBI6oDw8MydIx1IBntf_lQcw2MmJKIQx.Qx0pmsDa8KnJc9Jo.AwliP-KmWgsZ37BvzCefNen6VTbRK3QMA4TkvRkH0tP1bTdhtFJgJxeVmJkLD61A1hnWGetdg11c9ADsnWgL56NyxwSYjU1ZEHcGkd3EkU0vjHi9gTlb90qSYFfeF0LwkcTtjbYKCsiNJQkcIp1yeM03OmuiYSoYJVSpf7ej6zaYcMv3WwdxDFl8REwOhNImk2Xld2JXq6BR53TSFkyT7PwVLuq-1GwtGHlQeg7gDT6xW0JqHDPn_H-puQsmthc9Zg0ojmJfqqFvETUxLAF-KjcBTS5dNy6egwkYtOt8EIHK-oEsKYtZRaa8Z7MOZ7UGxGIMvEmxrGCPeJa14slv2-gaqK0kEThkaSqdYw0FkQZF.ER7MWJZ1FBI_NKvn7Zb1Lw',
  ],
];

async function open(jwe: string, key: KeyObject | Buffer): Promise<string | undefined> {
  const header = readJweHeader(jwe);
  return header && decryptJwe(jwe, header, key);
}

describe('decryptJwe', () => {
  it.each(vectors)('decrypts %s, but not if any part is changed', async (_name, key, jwe) => {
    expect(isJwe(jwe)).toBe(true);
    expect(await open(jwe, key)).toBe(frodo);
    const parts = jwe.split('.');
    for (const index of [1, 2, 3, 4]) {
      const part = parts[index] ?? '';
      const changed = parts.with(index, part.startsWith('A') ? `B${part.slice(1)}` : `A${part.slice(1)}`).join('.');
      expect(await open(changed, key)).toBeUndefined();
    }
    for (const cut of [jwe.slice(0, -4), jwe.slice(0, 100), parts.slice(0, 4).join('.'), `${jwe}.AA`, '....'])
      expect(await open(cut, key)).toBeUndefined();
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  it.each(publicKeyManagementAlgorithms)('%s: only the recipient key decrypts', async (alg) => {
    const pair = alg.startsWith('RSA') ? rsa : curve;
    const other = alg.startsWith('RSA') ? curve : rsa;
    for (const enc of contentEncryptionAlgorithms) {
      const jwe = await encryptJwe('text', { alg, enc, kid: 'k', cty: 'JWT' }, pair.publicKey);
      expect(readJweHeader(jwe)).toEqual({ alg, enc, kid: 'k', cty: 'JWT' });
      expect(await open(jwe, pair.privateKey)).toBe('text');
      // A key of another kind and another key of the same kind have the same result.
      expect(await open(jwe, other.privateKey)).toBeUndefined();
      expect(await open(jwe, Buffer.alloc(32))).toBeUndefined();
    }
    const jwe = await encryptJwe('text', { alg, enc: 'A128GCM' }, pair.publicKey);
    expect(await open(jwe, ec)).toBeUndefined();
  });

  it.each(secretKeyManagementAlgorithms)('%s: only the same secret decrypts', async (alg) => {
    for (const enc of contentEncryptionAlgorithms) {
      const jwe = await encryptJwe('text', { alg, enc }, keyFromSecret('secret', alg, enc));
      expect(await open(jwe, keyFromSecret('secret', alg, enc))).toBe('text');
      expect(await open(jwe, keyFromSecret('Secret', alg, enc))).toBeUndefined();
    }
  });

  it('returns undefined for plaintext that is not UTF-8', async () => {
    const key = keyFromSecret('secret', 'dir', 'A128GCM');
    const jwe = await new CompactEncrypt(Buffer.from([0xff]))
      .setProtectedHeader({ alg: 'dir', enc: 'A128GCM' })
      .encrypt(key);
    expect(await open(jwe, key)).toBeUndefined();
  });
});

describe('readJweHeader', () => {
  const of = (header: unknown): string => `${Buffer.from(JSON.stringify(header)).toString('base64url')}....`;

  it.each<[string, unknown]>([
    ['an unsupported algorithm', { alg: 'RSA1_5', enc: 'A128GCM' }],
    ['a password', { alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 1e9, p2s: 'x' }],
    ['no content encryption', { alg: 'dir' }],
    ['an unsupported content encryption', { alg: 'dir', enc: 'none' }],
    ['compression (RFC 8725 3.6)', { alg: 'dir', enc: 'A128GCM', zip: 'DEF' }],
    ['an extension (RFC 7516 4.1.13)', { alg: 'dir', enc: 'A128GCM', crit: ['exp'], exp: 1 }],
    ['a list', ['dir']],
    ['null', null],
  ])('rejects %s', (_name, header) => expect(readJweHeader(of(header))).toBeUndefined());

  it.each(['', '.', '....', 'x....', 'not a jwe'])('rejects %j', (text) => expect(readJweHeader(text)).toBeUndefined());
});
