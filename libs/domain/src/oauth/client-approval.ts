import type { Client, ClientDraft, FieldProblem } from './client.js';
import { loosenedMembers } from './client-hardening.js';
import { adminOnlyProblems, isAdministratorGrantedScope } from './client-rights.js';
import { tokenExchangeGrant } from './token-exchange.js';

/** True where everything that an administrator reviewed is unchanged: what users see, and where they are redirected. */
function isReviewedStateUnchanged(before: Client, draft: ClientDraft): boolean {
  const members = ['name', 'clientUri', 'logoUri', 'policyUri', 'tosUri', 'initiateLoginUri'] as const;
  return (
    members.every((member) => (before[member] ?? '') === (draft[member] ?? '')) &&
    draft.redirectUris.every((uri) => before.redirectUris.includes(uri)) &&
    draft.postLogoutRedirectUris.every((uri) => before.postLogoutRedirectUris.includes(uri))
  );
}

/**
 * True where a change keeps the approval: same name and URIs, and no weaker restrictions. It is not recorded who set a
 * restriction, so a client that drops one of its own must be approved again too.
 */
export function keepsApproval(before: Client, draft: ClientDraft): boolean {
  return isReviewedStateUnchanged(before, draft) && loosenedMembers(before, draft).length === 0;
}

/** A client to which an administrator granted rights may not change its name or URIs itself. */
export function identityProblemsOfRegistrant(before: Client, draft: ClientDraft): FieldProblem[] {
  if (isReviewedStateUnchanged(before, draft) || !(before.serviceAccount || before.tokenExchange.length > 0)) return [];
  return [
    {
      field: 'name',
      message:
        'An administrator granted rights to this client under its current name and URIs. Only an administrator can change them.',
    },
  ];
}

/**
 * A client whose metadata document changed. The document cannot be rejected with an error, so what an administrator granted to
 * the previous name, URIs and scopes is removed.
 */
export function afterDocumentChange(before: Client, draft: ClientDraft): ClientDraft {
  const isSame = isReviewedStateUnchanged(before, draft);
  const approvedAt = isSame ? before.approvedAt : undefined;
  if (isSame && adminOnlyProblems(draft, before).length === 0) return { ...draft, approvedAt };
  return {
    ...draft,
    approvedAt,
    consentRequired: true,
    serviceAccount: false,
    tokenExchange: [],
    grantTypes: draft.grantTypes.filter((grantType) => grantType !== tokenExchangeGrant),
    scope: draft.scope.filter((each) => !isAdministratorGrantedScope(each)),
    defaultScope: draft.defaultScope?.filter((each) => !isAdministratorGrantedScope(each)),
  };
}
