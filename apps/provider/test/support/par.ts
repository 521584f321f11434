import type { Client } from '@gatehouse/domain/oauth';
import type { Answer } from './browser';
import { authorizationRequest, authorizeUrl, basic, post, type Pkce, type TestProvider } from './provider';
import type { Registered } from './tokens';

type Overrides = Readonly<Record<string, string | undefined>>;

/** POSTs parameters to the pushed authorization request endpoint, as a client with client_secret_basic or a public one. */
export function sendPush(
  provider: Pick<TestProvider, 'base'>,
  registered: Registered,
  parameters: Overrides,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const defined = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const authorization: Readonly<Record<string, string>> =
    registered.client.authMethod === 'client_secret_basic'
      ? { Authorization: basic(registered.client, registered.secret) }
      : {};
  return post(`${provider.base}/oauth/par`, Object.fromEntries(defined), { ...authorization, ...headers });
}

/** Pushes the usual request and gives what the browser comes with. */
export async function push(
  provider: Pick<TestProvider, 'base'>,
  registered: Registered,
  overrides: Overrides = {},
): Promise<{ requestUri: string; proof: Pkce }> {
  const { parameters, proof } = authorizationRequest(registered.client, overrides);
  const answer = await sendPush(provider, registered, parameters);
  if (answer.status !== 201) throw new Error(`not pushed but ${answer.status}: ${answer.text}`);
  return { requestUri: answer.json<{ request_uri: string }>().request_uri, proof };
}

/** The address that a client sends the browser to (RFC 9126 4). */
export function pushedUrl(provider: TestProvider, client: Pick<Client, 'id'>, requestUri: string): string {
  return authorizeUrl(provider, { client_id: client.id, request_uri: requestUri });
}
