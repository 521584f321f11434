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

/** A POST of the client, authenticated with client_secret_basic. */
export function clientPost(side, path, fields, more = {}) {
  const headers = { Authorization: side.basic, Accept: 'application/json', ...more };
  return requestText('POST', path, side.port, headers, form(fields));
}

/** @returns a function that creates proofs with one key and unique ids (RFC 9449 4.2) */
export function proofs(method, url) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const head = encode({ typ: 'dpop+jwt', alg: 'ES256', jwk: publicKey.export({ format: 'jwk' }) });
  const idPrefix = randomBytes(9).toString('base64url');
  let count = 0;
  return () => {
    const claims = { htm: method, htu: url, iat: Math.floor(Date.now() / 1000), jti: `${idPrefix}${count++}` };
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

/** The JSON of a response with status 200. @throws Error for any other response */
export function answered(response) {
  if (response.status !== 200) throw new Error(`${response.status}: ${response.body.slice(0, 600)}`);
  return JSON.parse(response.body);
}

/** The code in a redirect to the client. @throws Error for any other response */
export function codeIn(response) {
  const location = headerOf(response, 'location');
  const code = location?.startsWith(redirectUri) ? new URL(location).searchParams.get('code') : undefined;
  if (!code) throw new Error(`expected a code, got ${response.status} ${location ?? response.body.slice(0, 600)}`);
  return code;
}

/** A new browser sends an authorization request and logs in with a password. @returns the browser and the code */
export async function logIn(side, connection, index, scope, more) {
  const browser = new Browser(connection);
  let step = await browser.open(authorizationPath(side, scope, more));
  if (step.page) step = await browser.submit({ username: usernames[index % usernames.length], password });
  if (step.page) step = await browser.submit({ confirm: 'yes' }); // consent, at the first login
  const code = step.left?.searchParams.get('code');
  if (!code)
    throw new Error(
      `the login ended at ${step.left ?? `${browser.path}: ${step.page.status} ${step.page.body.slice(0, 2000)}`}`,
    );
  return { browser, code };
}

/** Logs in and redeems the code. */
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
  const results = [];
  for (let index = 0; index < count; index++) results.push(await work(index));
  return results;
}
