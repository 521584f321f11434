import {
  createCipheriv,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  randomFillSync,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';

const pool = Buffer.alloc(16 * 1024);
let used = pool.length;

/** Random bytes from a pool, which needs one system call for hundreds of tokens. */
function random(count) {
  if (used + count > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += count;
  return pool.subarray(used - count, used);
}

let last = 0;

/** A token and its stored parts: a time-ordered integer that finds the row, and the hash of the verifier. */
export function newToken() {
  last = Math.max(last + 1, Date.now() * 2048);
  const verifier = random(32).toString('base64url');
  return { selector: last, verifier, text: `${last.toString(36)}.${verifier}`, hash: sha256(verifier) };
}

export function parseToken(text) {
  const dot = text?.indexOf('.') ?? -1;
  if (dot < 1 || text.length > 64) return undefined;
  const selector = parseInt(text.slice(0, dot), 36);
  return Number.isSafeInteger(selector) ? { selector, verifier: text.slice(dot + 1) } : undefined;
}

export function sha256(text) {
  return createHash('sha256').update(text).digest();
}

/** Whether the verifier of the token matches the row. */
export function proves(token, row) {
  return row !== undefined && timingSafeEqual(row.verifier_hash, sha256(token.verifier));
}

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const keyId = 'limit-es256';
const accessTokenHeader = `${Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: keyId })).toString('base64url')}.`;
const header = `${Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'JWT', kid: keyId })).toString('base64url')}.`;

/** Signs a JWT with ES256. */
export function signJwt(claims) {
  return signWith(header, claims);
}

/** RFC 9068 2.1 */
export function signAccessToken(claims) {
  return signWith(accessTokenHeader, claims);
}

function signWith(start, claims) {
  const input = start + Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `${input}.${sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

/** Three keys, as the other servers publish; only ES256 is used. */
export function publicKeys() {
  const others = [
    ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey],
    ['EdDSA', generateKeyPairSync('ed25519').publicKey],
  ];
  return [['ES256', createPublicKey(privateKey)], ...others].map(([alg, key]) => ({
    ...key.export({ format: 'jwk' }),
    kid: alg === 'ES256' ? keyId : `limit-${alg}`,
    alg,
    use: 'sig',
  }));
}

/** Seals the response of a refresh for a retry of the request, with a key derived from the presented token. */
export function sealAnswer(verifier, body) {
  const key = Buffer.from(hkdfSync('sha256', verifier, '', 'refresh answer', 32));
  const nonce = Buffer.from(random(12));
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([nonce, cipher.update(body, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** Validates an ES256 DPoP proof (RFC 9449 4.3). @returns the thumbprint of its key, and the id for the replay cache */
export function provenKey(proof, method, url, at) {
  const [head, payload, signature] = proof.split('.');
  const { typ, alg, jwk } = JSON.parse(Buffer.from(head, 'base64url'));
  const { htm, htu, iat, jti } = JSON.parse(Buffer.from(payload, 'base64url'));
  if (typ !== 'dpop+jwt' || alg !== 'ES256' || htm !== method || htu !== url || Math.abs(at - iat) > 300)
    return undefined;
  const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' };
  if (!verify('sha256', Buffer.from(`${head}.${payload}`), key, Buffer.from(signature, 'base64url'))) return undefined;
  const canonical = JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y });
  return { jkt: sha256(canonical).toString('base64url'), id: sha256(`${canonical}${jti}`) };
}
