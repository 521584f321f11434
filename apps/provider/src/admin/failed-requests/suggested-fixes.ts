import {
  checkClientMetadata,
  clientDraft,
  grantTypeNames,
  isAdministratorGrantedScope,
  parseScope,
  type Client,
  type ClientInput,
} from '@gatehouse/domain/oauth';
import type { FailedRequest } from '../../audit/failed-requests.service.js';

/** The one change of the client with which the same request would pass the rule. */
export interface SuggestedFix {
  readonly label: string;
  readonly properties: ClientInput;
}

/**
 * The fix for a failed request, based on the current client. Undefined if no single change would fix it, if it is fixed
 * already, and for scopes that an administrator must grant explicitly.
 */
export function suggestedFixFor(failedRequest: FailedRequest, client: Client): SuggestedFix | undefined {
  const fix = changeOf(failedRequest, client);
  if (!fix) return undefined;
  const checked = checkClientMetadata({
    ...clientDraft(fix.properties, client, client),
    id: client.id,
    createdAt: client.createdAt,
  });
  return 'problems' in checked ? undefined : fix;
}

function changeOf({ reason, parameters }: FailedRequest, client: Client): SuggestedFix | undefined {
  switch (reason) {
    case 'redirect_uri.unregistered': {
      const uri = parameters['redirect_uri'];
      if (uri === undefined || client.redirectUris.includes(uri)) return undefined;
      return {
        label: `Register ${uri}`,
        properties: { redirectUris: [...client.redirectUris, uri] },
      };
    }
    case 'scope.unregistered':
    case 'client_credentials.scope': {
      const missing = scopeOf(parameters['scope']).filter((scope) => !client.scope.includes(scope));
      // Anybody can send a request with any client_id: administration scopes are only granted on the client's own page.
      if (missing.length === 0 || missing.some(isAdministratorGrantedScope)) return undefined;
      return { label: `Allow ${missing.join(' ')}`, properties: { scope: [...client.scope, ...missing] } };
    }
    case 'grant_type.unregistered': {
      const grantType = grantTypeNames.find((name) => name === parameters['grant_type']);
      if (!grantType || client.grantTypes.includes(grantType)) return undefined;
      return { label: `Allow ${grantType}`, properties: { grantTypes: [...client.grantTypes, grantType] } };
    }
    case 'par.required':
      return client.requirePushedAuthorizationRequests
        ? {
            label: 'Let it send requests without pushing them',
            properties: { requirePushedAuthorizationRequests: false },
          }
        : undefined;
    default:
      return undefined;
  }
}

function scopeOf(sent: string | undefined): readonly string[] {
  try {
    return parseScope(sent ?? '');
  } catch {
    return [];
  }
}
