import { randomUUID } from 'node:crypto';
import type { Client, ClientDraft } from '@gatehouse/domain/oauth';
import type { Answer, Browser } from './browser';
import { assertionFields, clientKey, signed, type ClientKey } from './client-jwts';
import { dpopKey, proofOf, type DpopKey } from './dpop';
import { answerOf, authorizationRequest, authorizeUrl, post, type TestProvider } from './provider';

type Overrides = Readonly<Record<string, string | undefined>>;

/** A client that meets FAPI 2.0, with its signing key and its DPoP key. */
export interface FapiClient {
  readonly client: Client;
  readonly key: ClientKey;
  readonly dpop: DpopKey;
}

/** What of a client FAPI 2.0 asks. */
export function fapiDraft(key: ClientKey, draft: Partial<ClientDraft> = {}): Partial<ClientDraft> {
  return {
    authMethod: 'private_key_jwt',
    jwks: { keys: [key.publicJwk] },
    idTokenSignedResponseAlg: 'ES256',
    consentRequired: false,
    ...draft,
  };
}

export async function addFapiClient(
  provider: TestProvider,
  draft: Partial<ClientDraft> = { securityProfile: 'fapi-2-security' },
  alg = 'ES256',
): Promise<FapiClient> {
  const key = clientKey(alg);
  const { client } = await provider.addClient(fapiDraft(key, draft));
  return { client, key, dpop: await dpopKey() };
}

/** How one request differs from a right one. */
export interface Differences {
  readonly assertion?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** False: no DPoP proof. */
  readonly proof?: false;
}

/** POSTs as the client: authenticated by an assertion, with a DPoP proof. */
export async function postAs(
  provider: TestProvider,
  { client, key, dpop }: FapiClient,
  path: string,
  fields: Overrides,
  { assertion = {}, headers = {}, proof }: Differences = {},
): Promise<Answer> {
  const defined = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const now = provider.clock.now();
  return post(
    provider.base + path,
    { ...Object.fromEntries(defined), ...(await assertionFields(provider, client, key, assertion)) },
    {
      ...(proof === false ? {} : { DPoP: await proofOf(dpop, { url: provider.issuer + path, now }) }),
      ...headers,
    },
  );
}

/** The claims of a request object that Message Signing accepts, with the parameters of a usual request. */
export function requestObjectOf(
  provider: TestProvider,
  client: Client,
  parameters: Overrides,
  claims: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const now = provider.clock.now();
  return {
    iss: client.id,
    aud: provider.issuer,
    nbf: now,
    exp: now + 300,
    jti: randomUUID(),
    ...parameters,
    ...claims,
  };
}

/** Pushes a request, signed where the profile wants that, and gives the answer with what redeems the code. */
export async function pushAs(
  provider: TestProvider,
  fapi: FapiClient,
  overrides: Overrides = {},
  differences: Differences & { readonly object?: Readonly<Record<string, unknown>> } = {},
): Promise<{ readonly answer: Answer; readonly verifier: string; readonly requestUri: string }> {
  const { client, key } = fapi;
  const { parameters, proof } = authorizationRequest(client, overrides);
  const fields: Overrides =
    client.securityProfile === 'fapi-2-message-signing' || differences.object !== undefined
      ? {
          client_id: client.id,
          request: await signed(key, requestObjectOf(provider, client, parameters, differences.object), {
            typ: 'oauth-authz-req+jwt',
          }),
        }
      : parameters;
  const answer = await postAs(provider, fapi, '/oauth/par', fields, differences);
  const requestUri = answer.status === 201 ? answer.json<{ request_uri: string }>().request_uri : '';
  return { answer, verifier: proof.verifier, requestUri };
}

/** A code for a pushed request, in a browser where the person is logged in. */
export async function codeFor(
  provider: TestProvider,
  browser: Browser,
  fapi: FapiClient,
): Promise<{ readonly code: string; readonly verifier: string }> {
  const { requestUri, verifier, answer } = await pushAs(provider, fapi);
  if (requestUri === '') throw new Error(`not pushed: ${answer.status} ${answer.text}`);
  const asked = authorizeUrl(provider, { client_id: fapi.client.id, request_uri: requestUri });
  const code = answerOf(await browser.open(asked)).get('code');
  if (code === null) throw new Error('no code');
  return { code, verifier };
}

export function redeemAs(
  provider: TestProvider,
  fapi: FapiClient,
  { code, verifier }: { readonly code: string; readonly verifier: string },
  differences: Differences = {},
): Promise<Answer> {
  const [redirectUri] = fapi.client.redirectUris;
  return postAs(
    provider,
    fapi,
    '/oauth/token',
    { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri },
    differences,
  );
}
