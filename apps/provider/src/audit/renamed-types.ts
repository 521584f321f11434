import type { AuditType } from './audit.service.js';

/** Maps types that earlier versions wrote to their current names. Stored events are never rewritten. */
const renamedTypes: Readonly<Record<string, AuditType>> = {
  'factor.codes_made': 'factor.recovery_codes_created',
  'user.link_made': 'user.password_link_created',
  'client.limited': 'client.restricted',
  'client.unlimited': 'client.unrestricted',
  'registration_token.created': 'initial_access_token.created',
  'registration_token.removed': 'initial_access_token.deleted',
  'application.roles_set': 'application.roles_updated',
  'issuer.created': 'trusted_issuer.created',
  'issuer.updated': 'trusted_issuer.updated',
  'issuer.deleted': 'trusted_issuer.deleted',
  'access.refused': 'access.denied',
};

/** The current name of a stored type. */
export function currentType(stored: string): string {
  return renamedTypes[stored] ?? stored;
}

/** The types, and the names under which earlier versions stored them. */
export function storedTypes(types: readonly AuditType[]): readonly string[] {
  const earlier = Object.entries(renamedTypes).flatMap(([stored, type]) => (types.includes(type) ? [stored] : []));
  return [...types, ...earlier];
}
