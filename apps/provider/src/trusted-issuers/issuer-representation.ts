import type { TrustedIssuer } from '@gatehouse/domain/oauth';

/** An issuer as JSON, for the command line and the API. Times are seconds since the epoch. */
export function issuerRepresentation(trusted: TrustedIssuer): Record<string, unknown> {
  return {
    id: trusted.id,
    issuer: trusted.issuer,
    name: trusted.name,
    ...(trusted.jwksUri === undefined ? {} : { jwks_uri: trusted.jwksUri }),
    ...(trusted.jwks === undefined ? {} : { jwks: trusted.jwks }),
    subject: trusted.subject,
    clients: trusted.clients,
    scope: trusted.scope.join(' '),
    resources: trusted.resources,
    created_at: trusted.createdAt,
  };
}
