import type { Client } from '@gatehouse/domain/oauth';
import { text } from '../i18n/message.js';
import { routes } from '../web/routes.js';

const endpoints = [
  { label: text('clients.endpoint.authorize'), path: routes.authorize },
  { label: text('clients.endpoint.token'), path: routes.token },
  { label: text('clients.endpoint.userinfo'), path: routes.userinfo },
  { label: text('clients.endpoint.jwks'), path: routes.jwks },
  { label: text('clients.endpoint.endSession'), path: routes.endSession },
  { label: text('clients.endpoint.revoke'), path: routes.revoke },
  { label: text('clients.endpoint.introspect'), path: routes.introspect },
  { label: text('clients.endpoint.par'), path: routes.par },
  { label: text('clients.endpoint.device'), path: routes.deviceAuthorization },
] as const;

/** Lines of an `.env` file; the values need no quotes. */
export function environmentOf(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
}

/** What the configuration of an application needs, as values to copy. */
export function connectionOf(issuer: string, client: Client): object {
  return {
    issuer,
    discovery: `${issuer}${routes.openidConfiguration}`,
    clientId: client.id,
    authMethod: client.authMethod,
    endpoints: endpoints.map(({ label, path }) => ({ label, copy: `${issuer}${path}` })),
  };
}
