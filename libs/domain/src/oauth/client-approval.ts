import type { Client, ClientDraft, FieldProblem } from './client.js';
import { loosenedMembers } from './client-hardening.js';
import { adminOnlyProblems, isAdminScope } from './client-rights.js';
import { tokenExchangeGrant } from './token-exchange.js';

/** True where all that an administrator reviewed is as it was: what people read, and where they are sent. */
function looksTheSame(before: Client, draft: ClientDraft): boolean {
  const members = ['name', 'clientUri', 'logoUri', 'policyUri', 'tosUri', 'initiateLoginUri'] as const;
  return (
    members.every((member) => (before[member] ?? '') === (draft[member] ?? '')) &&
    draft.redirectUris.every((uri) => before.redirectUris.includes(uri)) &&
    draft.postLogoutRedirectUris.every((uri) => before.postLogoutRedirectUris.includes(uri))
  );
}

/**
 * True where what an administrator approved stays as it was: the name and addresses, and no weaker restrictions. Who set a
 * restriction is not known, so an approved client that drops one of its own has to be approved again too.
 */
export function keepsApproval(before: Client, draft: ClientDraft): boolean {
  return looksTheSame(before, draft) && loosenedMembers(before, draft).length === 0;
}

/** Rights were given to a client that an administrator looked at: one that shows another name or address has none of them. */
export function identityProblemsOfRegistrant(before: Client, draft: ClientDraft): FieldProblem[] {
  if (looksTheSame(before, draft) || !(before.actsForItself || before.tokenExchange.length > 0)) return [];
  return [
    {
      field: 'name',
      message: 'An administrator gave this client rights by this name and these addresses: only one may change them.',
    },
  ];
}

/**
 * A client whose metadata document changed. Nobody can be told that the document asks for too much, so what an
 * administrator gave to the old name, addresses and scopes ends with them.
 */
export function afterDocumentChange(before: Client, draft: ClientDraft): ClientDraft {
  const isSame = looksTheSame(before, draft);
  const approvedAt = isSame ? before.approvedAt : undefined;
  if (isSame && adminOnlyProblems(draft, before).length === 0) return { ...draft, approvedAt };
  return {
    ...draft,
    approvedAt,
    consentRequired: true,
    actsForItself: false,
    tokenExchange: [],
    grantTypes: draft.grantTypes.filter((grantType) => grantType !== tokenExchangeGrant),
    scope: draft.scope.filter((each) => !isAdminScope(each)),
    defaultScope: draft.defaultScope?.filter((each) => !isAdminScope(each)),
  };
}
