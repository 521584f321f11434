import {
  checkAuthorizationRequest,
  type AuthorizationCheck,
  type AuthorizationRequest,
} from '../src/oauth/authorization-request.js';
import { aClient } from './client.fixture.js';
import { codeAndReason } from './outcome.js';
import type { AuthorizationPolicy } from '../src/oauth/authorization-parameters.js';
import type { Client } from '../src/oauth/client.js';
import { responseTypeNames } from '../src/oauth/response-type.js';

export const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
export const usual = {
  response_type: 'code',
  client_id: 's6BhdRkqt3',
  redirect_uri: 'https://client.example.com/cb',
  scope: 'openid profile',
  state: 'xyz',
  code_challenge: challenge,
  code_challenge_method: 'S256',
};

export const everyFlow: Partial<Client> = {
  grantTypes: ['authorization_code', 'implicit', 'refresh_token'],
  responseTypes: [...responseTypeNames],
};

export type Changes = Readonly<Record<string, string | undefined>>;

export function check(
  changes: Changes = {},
  client: Client | undefined = aClient(),
  policy: AuthorizationPolicy = { pkce: 'required' },
): AuthorizationCheck {
  const entries = Object.entries({ ...usual, ...changes });
  return checkAuthorizationRequest(
    new Map(entries.filter((entry): entry is [string, string] => entry[1] !== undefined)),
    client,
    policy,
  );
}

export function accepted(result: AuthorizationCheck): AuthorizationRequest {
  if (result.kind !== 'accepted') throw new Error(`${result.kind}: ${result.error.reason}`);
  return result.request;
}

/** For example `denied invalid_request pkce.required`. */
export function outcome(result: AuthorizationCheck): string {
  return result.kind === 'accepted' ? 'accepted' : `${result.kind} ${codeAndReason(result.error)}`;
}
