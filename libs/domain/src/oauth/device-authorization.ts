import { refuseAuthorizationDetails } from './authorization-details.js';
import type { AuthorizationRequest } from './authorization-request.js';
import type { Client } from './client.js';
import { OAuthError } from './oauth-error.js';
import { parseResourceParameter } from './resource.js';
import { isSubset, parseScope, type Scope } from './scope.js';

/** The grant type's name (RFC 8628 3.4). */
export const deviceCodeGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/** A validated device authorization request. */
export interface DeviceAuthorizationRequest {
  readonly clientId: string;
  readonly scope: Scope;
  /** Identifiers of the requested APIs (RFC 8707). */
  readonly resources: readonly string[];
}

/** The part of a request that determines the next step of an interaction. */
export type StepRequest = Pick<
  AuthorizationRequest,
  'prompt' | 'scope' | 'maxAge' | 'acrValues' | 'claims' | 'resources'
> &
  /** Absent where the response is not sent through the browser. */
  Partial<Pick<AuthorizationRequest, 'redirectUri'>>;

/**
 * Validates a device authorization request. The caller checks that the APIs exist.
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
    throw new OAuthError('invalid_scope', 'This client may not request this scope.', {
      reason: 'scope.unregistered',
    });
  return { clientId: client.id, scope, resources: parseResourceParameter(parameters.get('resource')) };
}

/**
 * The interaction of a device authorization: consent is requested each time, even if it was given before or waived by an
 * administrator, because the code may have been sent by an attacker.
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

/** Added to the interval each time a client polls too early (RFC 8628 3.5). */
export const slowDownSeconds = 5;
/** RFC 8628 3.2: the default polling interval. */
export const firstIntervalSeconds = 5;
