import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Client } from '@gatehouse/domain/oauth';
import type { TestProvider } from './provider';

/** What a client signs with, by a library that is not ours. */
export interface ClientKey {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly privateKey: KeyObject | Uint8Array;
  /** As it registers it. */
  readonly publicJwk: Record<string, unknown>;
}

let rsa: ReturnType<typeof rsaPair> | undefined;
const rsaPair = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const curves: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

function pairFor(alg: string): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  const namedCurve = curves[alg];
  if (namedCurve !== undefined) return generateKeyPairSync('ec', { namedCurve });
  if (alg === 'EdDSA' || alg === 'Ed25519') return generateKeyPairSync('ed25519');
  // One is enough for a run: nothing here depends on which.
  return (rsa ??= rsaPair());
}

/** A key pair of a client for an algorithm. */
export function clientKey(alg: string, members: Record<string, unknown> = {}): ClientKey {
  const { privateKey, publicKey } = pairFor(alg);
  const kid = randomUUID();
  const publicJwk = { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', ...members };
  return { alg, kid, privateKey, publicJwk };
}

/** The client secret as a key for HMAC (OpenID Connect Core 10.1). */
export function secretKey(secret: string, alg = 'HS256'): ClientKey {
  return { alg, kid: undefined, privateKey: Buffer.from(secret), publicJwk: {} };
}

/** Signs claims as they are given; those that are undefined are left out. */
export function signed(key: ClientKey, claims: object, header: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT(JSON.parse(JSON.stringify(claims)) as Record<string, unknown>)
    .setProtectedHeader({ alg: key.alg, ...(key.kid === undefined ? {} : { kid: key.kid }), ...header })
    .sign(key.privateKey);
}

/** The claims of an assertion that is right in everything (RFC 7523 3). */
export function assertionClaims(provider: Pick<TestProvider, 'issuer' | 'clock'>, client: Pick<Client, 'id'>) {
  const now = provider.clock.now();
  return { iss: client.id, sub: client.id, aud: provider.issuer, iat: now, exp: now + 60, jti: randomUUID() };
}

export function assertionParameters(assertion: string): Record<string, string> {
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  };
}

/** The parameters of a request that a client signs for. */
export async function assertionFields(
  provider: Pick<TestProvider, 'issuer' | 'clock'>,
  client: Pick<Client, 'id'>,
  key: ClientKey,
  claims: Record<string, unknown> = {},
): Promise<Record<string, string>> {
  return assertionParameters(await signed(key, { ...assertionClaims(provider, client), ...claims }));
}
