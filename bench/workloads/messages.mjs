import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { Browser } from '../lib/browser.mjs';
import { Connection, headerOf, requestText } from '../lib/connection.mjs';
import { password, redirectUri, usernames } from '../sides/seed.mjs';

const verifier = randomBytes(32).toString('base64url');
const challenge = createHash('sha256').update(verifier).digest('base64url');
const form = (fields) => new URLSearchParams(fields).toString();

/** The path and query of an authorization request with PKCE. */
export function authorizationPath(side, scope, more = {}) {
  const parameters = {
    response_type: 'code',
    client_id: side.client.id,
    redirect_uri: redirectUri,
    scope,
    state: 'some-state',
    nonce: 'some-nonce',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...more,
  };
  return `${side.paths.authorize}?${form(parameters)}`;
}

/** A POST by the client, authenticated by client_secret_basic. */
export function clientPost(side, path, fields, more = {}) {
  const headers = { Authorization: side.basic, Accept: 'application/json', ...more };
  return requestText('POST', path, side.port, headers, form(fields));
}

/** Makes proofs of one key, each with an id of its own (RFC 9449 4.2). */
export function proofs(method, url) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const head = encode({ typ: 'dpop+jwt', alg: 'ES256', jwk: publicKey.export({ format: 'jwk' }) });
  const own = randomBytes(9).toString('base64url');
  let made = 0;
  return () => {
    const claims = { htm: method, htu: url, iat: Math.floor(Date.now() / 1000), jti: `${own}${made++}` };
    const input = `${head}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return `${input}.${signature.toString('base64url')}`;
  };
}

export function redemption(side, code) {
  return clientPost(side, side.paths.token, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  });
}

/** The JSON of a 200. @throws Error for anything else */
export function answered(answer) {
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.body.slice(0, 600)}`);
  return JSON.parse(answer.body);
}

/** The code in a redirect to the client. @throws Error for any other answer */
export function codeIn(answer) {
  const location = headerOf(answer, 'location');
  const code = location?.startsWith(redirectUri) ? new URL(location).searchParams.get('code') : undefined;
  if (!code) throw new Error(`no code but ${answer.status} ${location ?? answer.body.slice(0, 600)}`);
  return code;
}

/** A stranger's browser makes an authorization request and logs in by password. @returns the browser and the code */
export async function logIn(side, connection, index, scope, more) {
  const browser = new Browser(connection);
  let step = await browser.open(authorizationPath(side, scope, more));
  if (step.page) step = await browser.submit({ username: usernames[index % usernames.length], password });
  if (step.page) step = await browser.submit({ confirm: 'yes' }); // consent, the first time
  const code = step.left?.searchParams.get('code');
  if (!code)
    throw new Error(
      `the login did not end at the client but at ${step.left ?? `${browser.path}: ${step.page.status} ${step.page.body.slice(0, 2000)}`}`,
    );
  return { browser, code };
}

/** As logIn, and redeems the code. */
export async function logInForTokens(side, index, scope, more) {
  const connection = new Connection(side.port);
  try {
    const { browser, code } = await logIn(side, connection, index, scope, more);
    const tokens = answered(await connection.request(redemption(side, code)));
    return { browser, tokens };
  } finally {
    connection.close();
  }
}

export async function inTurn(count, work) {
  const made = [];
  for (let index = 0; index < count; index++) made.push(await work(index));
  return made;
}
