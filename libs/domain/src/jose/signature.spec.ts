import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { isSameAlgorithm, jwsAlgorithms, macAlgorithms, type JwsAlgorithm } from './algorithms.js';
import { fitsAlgorithm, macOf, signatureOf, verifyMac, verifySignature } from './signature.js';

const frodo =
  'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you ' +
  "don't keep your feet, there’s no knowing where you might be swept off to.";
const bilbo = 'bilbo.baggins@hobbiton.example';
const inputOf = (header: object, payload = frodo): string =>
  [JSON.stringify(header), payload].map((part) => Buffer.from(part).toString('base64url')).join('.');

const rsaJwk = {
  kty: 'RSA',
  n: 'n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw',
  e: 'AQAB',
  d: 'bWUC9B-EFRIo8kpGfh0ZuyGPvMNKvYWNtB_ikiH9k20eT-O1q_I78eiZkpXxXQ0UTEs2LsNRS-8uJbvQ-A1irkwMSMkK1J3XTGgdrhCku9gRldY7sNA_AKZGh-Q661_42rINLRCe8W-nZ34ui_qOfkLnK9QWDDqpaIsA-bMwWWSDFu2MUBYwkHTMEzLYGqOe04noqeq1hExBTHBOBdkMXiuFhUq1BU6l-DqEiWxqg82sXt2h-LMnT3046AOYJoRioz75tSUQfGCshWTBnP5uDjd18kKhyv07lhfSJdrPdM5Plyl21hsFf4L_mHCuoFau7gdsPfHPxxjVOcOpBrQzwQ',
  p: '3Slxg_DwTXJcb6095RoXygQCAZ5RnAvZlno1yhHtnUex_fp7AZ_9nRaO7HX_-SFfGQeutao2TDjDAWU4Vupk8rw9JR0AzZ0N2fvuIAmr_WCsmGpeNqQnev1T7IyEsnh8UMt-n5CafhkikzhEsrmndH6LxOrvRJlsPp6Zv8bUq0k',
  q: 'uKE2dh-cTf6ERF4k4e_jy78GfPYUIaUyoSSJuBzp3Cubk3OCqs6grT8bR_cu0Dm1MZwWmtdqDyI95HrUeq3MP15vMMON8lHTeZu2lmKvwqW7anV5UzhM1iZ7z4yMkuUwFWoBvyY898EXvRD-hdqRxHlSqAZ192zB3pVFJ0s7pFc',
  dp: 'B8PVvXkvJrj2L-GYQ7v3y9r6Kw5g9SahXBwsWUzp19TVlgI-YV85q1NIb1rxQtD-IsXXR3-TanevuRPRt5OBOdiMGQp8pbt26gljYfKU_E9xn-RULHz0-ed9E9gXLKD4VGngpz-PfQ_q29pk5xWHoJp009Qf1HvChixRX59ehik',
  dq: 'CLDmDGduhylc9o7r84rEUVn7pzQ6PF83Y-iBZx5NT-TpnOZKF1pErAMVeKzFEl41DlHHqqBLSM0W1sOFbwTxYWZDm6sI6og5iTbwQGIC3gnJKbi_7k_vJgGHwHxgPaX2PnvP-zyEkDERuf-ry4c_Z11Cq9AqC2yeL6kdKT1cYF8',
  qi: '3PiqvXQN0zwMeE-sBvZgi289XP9XCQF3VWqPzMKnIgQp7_Tugo6-NZBKCQsMf3HaEGBjTVJs_jcK8-TRXvaKe-7ZMaQj8VfBdYkssbu0NKDDhjJ-GtiseaDVWt7dcH0cfwxgFUHpQh7FoCrjFJ6h6ZEpMF6xmujs4qMpPz8aaI4',
};
const ecJwk = {
  kty: 'EC',
  crv: 'P-521',
  x: 'AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt',
  y: 'AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1',
};
const edJwk = {
  kty: 'OKP',
  crv: 'Ed25519',
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
};

const signedByRs256 =
  'MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg';
const signedByPs384 =
  'cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw';
const signedByEs512 =
  'AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2';

describe('verifySignature', () => {
  it.each<[JwsAlgorithm, string, Record<string, string>, string]>([
    ['RS256', 'RFC 7520 4.1', rsaJwk, signedByRs256],
    ['PS384', 'RFC 7520 4.2', rsaJwk, signedByPs384],
    ['ES512', 'RFC 7520 4.3', ecJwk, signedByEs512],
  ])('takes the %s signature of %s, and not of a changed text', (alg, _where, jwk, encoded) => {
    const { kty, n, e, crv, x, y } = jwk;
    const members = Object.entries({ kty, n, e, crv, x, y }).filter((entry) => entry[1] !== undefined);
    const key = createPublicKey({ format: 'jwk', key: Object.fromEntries(members) });
    const signature = Buffer.from(encoded, 'base64url');
    const input = inputOf({ alg, kid: bilbo });
    expect(verifySignature(alg, key, input, signature)).toBe(true);
    expect(verifySignature(alg, key, `${input}A`, signature)).toBe(false);
    expect(verifySignature(alg, key, input, signature.subarray(1))).toBe(false);
  });

  it('is false for a key of another kind than the algorithm says (RFC 8725 3.1)', () => {
    const key = createPublicKey({ format: 'jwk', key: ecJwk });
    const signature = Buffer.from(signedByEs512, 'base64url');
    for (const alg of jwsAlgorithms.filter((each) => each !== 'ES512'))
      expect(verifySignature(alg, key, inputOf({ alg: 'ES512', kid: bilbo }), signature)).toBe(false);
  });
});

describe('signatureOf', () => {
  it('gives the deterministic signatures of RFC 7520 4.1 and RFC 8037 A.4', () => {
    const rsa = createPrivateKey({ format: 'jwk', key: rsaJwk });
    expect(signatureOf('RS256', rsa, inputOf({ alg: 'RS256', kid: bilbo })).toString('base64url')).toBe(signedByRs256);
    const ed = createPrivateKey({ format: 'jwk', key: edJwk });
    expect(
      signatureOf('EdDSA', ed, inputOf({ alg: 'EdDSA' }, 'Example of Ed25519 signing')).toString('base64url'),
    ).toBe('hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg');
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ed = generateKeyPairSync('ed25519');
  const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
  const pairs: Readonly<Record<JwsAlgorithm, { privateKey: KeyObject; publicKey: KeyObject }>> = {
    RS256: rsa,
    RS384: rsa,
    RS512: rsa,
    PS256: rsa,
    PS384: rsa,
    PS512: rsa,
    ES256: ec('P-256'),
    ES384: ec('P-384'),
    ES512: ec('P-521'),
    EdDSA: ed,
    Ed25519: ed,
  };

  it.each(jwsAlgorithms)('%s: what it signs verifies by that algorithm alone', (algorithm) => {
    const { privateKey, publicKey } = pairs[algorithm];
    const signature = signatureOf(algorithm, privateKey, 'a.b');
    for (const other of jwsAlgorithms)
      expect([other, verifySignature(other, pairs[other].publicKey, 'a.b', signature)]).toEqual([
        other,
        isSameAlgorithm(other, algorithm),
      ]);
    expect(fitsAlgorithm(algorithm, publicKey)).toBe(true);
  });
});

describe('macOf', () => {
  it('gives the code of RFC 7520 4.4', () => {
    const key = Buffer.from('hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg', 'base64url');
    const input = inputOf({ alg: 'HS256', kid: '018c0ae5-4d9b-471b-bfd6-eef314bc7037' });
    expect(macOf('HS256', key, input).toString('base64url')).toBe('s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0');
  });

  it.each(macAlgorithms)('%s: is taken from whoever has the secret', (algorithm) => {
    const code = macOf(algorithm, 'secret', 'a.b');
    expect(code).toHaveLength(Number(algorithm.slice(2)) / 8);
    expect(verifyMac(algorithm, 'secret', 'a.b', code)).toBe(true);
    expect(verifyMac(algorithm, 'Secret', 'a.b', code)).toBe(false);
    expect(verifyMac(algorithm, 'secret', 'a.b', code.subarray(1))).toBe(false);
    expect(verifyMac(algorithm, 'secret', 'a.b', Buffer.alloc(0))).toBe(false);
  });
});
