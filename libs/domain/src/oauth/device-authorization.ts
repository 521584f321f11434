import { refuseAuthorizationDetails } from './authorization-details.js';
import type { AuthorizationRequest } from './authorization-request.js';
import type { Client } from './client.js';
import { OAuthError } from './oauth-error.js';
import { parseResourceParameter } from './resource.js';
import { isSubset, parseScope, type Scope } from './scope.js';

/** The grant type's name (RFC 8628 3.4). */
export const deviceCodeGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/** What a device asks for; checked. */
export interface DeviceAuthorizationRequest {
  readonly clientId: string;
  readonly scope: Scope;
  /** Identifiers of the APIs that access is asked for (RFC 8707). */
  readonly resources: readonly string[];
}

/** What decides the way of a request through the pages. */
export type StepRequest = Pick<
  AuthorizationRequest,
  'prompt' | 'scope' | 'maxAge' | 'acrValues' | 'claims' | 'resources'
> &
  /** Absent where the answer does not go through the browser. */
  Partial<Pick<AuthorizationRequest, 'redirectUri'>>;

/**
 * Checks a device authorization request; that the APIs are there is for the caller to see.
 * @throws OAuthError unauthorized_client without the grant type; invalid_scope; invalid_target;
 *   invalid_authorization_details
 * @see RFC 8628 3.1
 */
export function checkDeviceAuthorizationRequest(
  parameters: ReadonlyMap<string, string>,
  client: Client,
): DeviceAuthorizationRequest {
  if (!client.grantTypes.includes(deviceCodeGrant))
    throw new OAuthError('unauthorized_client', 'This client may not use the device grant.', {
      reason: 'device.unregistered',
    });
  refuseAuthorizationDetails(parameters);
  const asked = parameters.get('scope');
  const scope = asked === undefined ? client.defaultScope : parseScope(asked);
  if (!isSubset(scope, client.scope))
    throw new OAuthError('invalid_scope', 'The scope is not one that this client may ask for.', {
      reason: 'scope.unregistered',
    });
  return { clientId: client.id, scope, resources: parseResourceParameter(parameters.get('resource')) };
}

/**
 * How a device's request goes through the pages: the person is asked each time, whatever they allowed before and whether
 * or not an administrator let the client go without, because a code that comes by mail may be somebody else's.
 * @see RFC 8628 3.3, 5.4
 */
export function deviceStepRequest(
  request: DeviceAuthorizationRequest,
  client: Pick<Client, 'defaultAcrValues' | 'defaultMaxAge'>,
): StepRequest {
  return {
    prompt: ['consent'],
    scope: request.scope,
    maxAge: client.defaultMaxAge,
    acrValues: client.defaultAcrValues.length > 0 ? client.defaultAcrValues : undefined,
    ...(request.resources.length > 0 ? { resources: request.resources } : {}),
  };
}

/** One that asks again sooner waits so much longer each time (RFC 8628 3.5). */
export const slowDownSeconds = 5;
/** RFC 8628 3.2: what a client waits that is told nothing else. */
export const firstIntervalSeconds = 5;
