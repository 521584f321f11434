import type { Resource } from '@gatehouse/domain/oauth';

/** An API as JSON, for the command line and the administration API. */
export function resourceRepresentation(resource: Resource): Record<string, unknown> {
  return {
    id: resource.id,
    identifier: resource.identifier,
    name: resource.name,
    scopes: resource.scopes.map(({ name, sentence }) => ({ name, sentence })),
    token_format: resource.tokenFormat,
    signing_alg: resource.signingAlgorithm,
    ...(resource.accessTokenLifetimeSeconds === undefined
      ? {}
      : { access_token_lifetime: resource.accessTokenLifetimeSeconds }),
    allow: resource.access,
    ...(resource.clientId === undefined ? {} : { client_id: resource.clientId }),
  };
}
