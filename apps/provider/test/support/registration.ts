import { send, type Answer, type SendOptions } from './browser';
import type { TestProvider } from './provider';

export interface RegisteredClient extends Record<string, unknown> {
  readonly client_id: string;
  readonly client_secret?: string;
  readonly registration_access_token: string;
  readonly registration_client_uri: string;
}

/** POSTs client metadata to the registration endpoint. */
export function register(
  provider: TestProvider,
  metadata: object | string,
  options: Pick<SendOptions, 'headers' | 'localAddress'> = {},
): Promise<Answer> {
  return send(`${provider.base}/oauth/register`, {
    ...options,
    method: 'POST',
    body: typeof metadata === 'string' ? metadata : JSON.stringify(metadata),
    headers: { 'Content-Type': 'application/json', ...options.headers },
  });
}

/** Registers a client and fails when it is rejected. */
export async function registered(provider: TestProvider, metadata: object = {}): Promise<RegisteredClient> {
  const answer = await register(provider, { redirect_uris: ['https://client.test/cb'], ...metadata });
  if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
  return answer.json<RegisteredClient>();
}

/** A request to the client configuration endpoint with its registration access token. */
export function configuration(
  client: RegisteredClient,
  method: 'GET' | 'PUT' | 'DELETE',
  options: { readonly token?: string; readonly metadata?: object; readonly headers?: Record<string, string> } = {},
): Promise<Answer> {
  return send(client.registration_client_uri, {
    method,
    ...(options.metadata === undefined ? {} : { body: JSON.stringify(options.metadata) }),
    headers: {
      Authorization: `Bearer ${options.token ?? client.registration_access_token}`,
      ...(options.metadata === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...options.headers,
    },
  });
}

/** What a registered client says of itself, as an update would send it back. */
export function metadataOf(client: RegisteredClient): Record<string, unknown> {
  const left = new Set([
    'registration_access_token',
    'registration_client_uri',
    'client_secret_expires_at',
    'client_id_issued_at',
    'client_secret',
  ]);
  return Object.fromEntries(Object.entries(client).filter(([name]) => !left.has(name)));
}
