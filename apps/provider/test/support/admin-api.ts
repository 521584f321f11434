import { shapes, type ShapeName } from '../../src/api/v1/shapes';
import { send, type Answer } from './browser';
import { basic, post, type TestProvider } from './provider';
import type { Registered } from './tokens';

export const administrating = { grantTypes: ['client_credentials'], redirectUris: [], serviceAccount: true };

/** The API as a client calls it that acts for itself. */
export interface AdminApiClient {
  readonly registered: Registered;
  readonly token: string;
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

export async function adminApi(provider: TestProvider, scope = 'gatehouse:admin'): Promise<AdminApiClient> {
  const registered = await provider.addClient({ name: 'Terraform', ...administrating, scope: [scope] });
  return { registered, ...callerOf(provider, await ownToken(provider, registered, scope)) };
}

export async function ownToken(provider: TestProvider, registered: Registered, scope: string): Promise<string> {
  const answer = await post(
    `${provider.base}/oauth/token`,
    { grant_type: 'client_credentials', scope },
    { Authorization: basic(registered.client, registered.secret) },
  );
  return answer.json<{ access_token: string }>().access_token;
}

export function callerOf(provider: TestProvider, token: string): Pick<AdminApiClient, 'token' | 'call'> {
  return {
    token,
    call: (method, path, body, headers = {}) =>
      send(`${provider.base}/api/admin/v1/${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
  };
}

/** The answer's body, which has exactly the shape that the documentation gives it. */
export function shaped(answer: Answer, name: ShapeName): Record<string, unknown> {
  const body: unknown = JSON.parse(answer.text);
  shapes[name].parse(body);
  return body as Record<string, unknown>;
}

/** The items of a page, each of its documented shape, and the next cursor. */
export function pageOf(
  answer: Answer,
  name: ShapeName,
): { readonly items: Record<string, unknown>[]; readonly next: string | null } {
  const page = answer.json<{ items: Record<string, unknown>[]; next: string | null }>();
  for (const item of page.items) shapes[name].parse(item);
  return page;
}
