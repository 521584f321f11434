import {
  metadataName,
  parseClientMetadata,
  parseExchangeRules,
  type Client,
  type ClientDraft,
} from '@gatehouse/domain/oauth';
import type { FieldProblem } from '../../http/form-problems.js';
import { invalidMembers, snakeCase, type ApiProblem } from './problem.js';
import type { Bodies } from './shapes.js';

/** What a client is when nothing else is said (RFC 7591 2). */
const standard = { grant_types: ['authorization_code'], token_endpoint_auth_method: 'client_secret_basic' };

/** Members of a draft that the API calls otherwise than the protocol. */
const ownNames: Readonly<Record<string, string>> = {
  pkceRequired: 'require_pkce',
  consentRequired: 'require_consent',
  secondFactorRequired: 'require_second_factor',
  type: 'token_endpoint_auth_method',
};

/**
 * The draft that a body says. What the API does not write stays as it was.
 * @throws ApiProblem invalid
 */
export function clientDraft(body: Bodies['Client'], before: Client | undefined): ClientDraft {
  const { draft: said, problems } = parseClientMetadata({ ...standard, ...body });
  if (problems.length > 0) throw invalidMembers(problems, (member) => member);
  const exchange = parseExchangeRules(body.token_exchange ?? []);
  if ('problem' in exchange) throw invalidMembers([{ field: 'tokenExchange', message: exchange.problem }]);
  const authMethod = said.authMethod ?? '';
  const isPublic = authMethod === 'none';
  const redirectUris = said.redirectUris ?? [];
  return {
    ...said,
    name: said.name ?? '',
    type: isPublic ? 'public' : 'confidential',
    authMethod,
    redirectUris,
    defaultRedirectUri: redirectUris.find((uri) => uri === before?.defaultRedirectUri),
    postLogoutRedirectUris: said.postLogoutRedirectUris ?? [],
    grantTypes: said.grantTypes ?? [],
    scope: said.scope ?? [],
    defaultScope: (body.default_scope ?? '').split(' ').filter((each) => each !== ''),
    pkceRequired: isPublic || (body.require_pkce ?? true),
    consentRequired: body.require_consent ?? true,
    secondFactorRequired: body.require_second_factor ?? false,
    actsForItself: body.acts_for_itself ?? false,
    tokenExchange: exchange.rules,
    ownerId: body.owner_id ?? undefined,
    resourceServer: before?.resourceServer ?? false,
    source: before?.source ?? 'admin',
    approvedAt: before?.approvedAt,
    limitedAt: before?.limitedAt,
    disabledAt: before?.disabledAt,
  };
}

/** What is wrong with a draft, by the members of the body. */
export function invalidClient(problems: readonly FieldProblem[]): ApiProblem {
  return invalidMembers(problems, (member) => ownNames[member] ?? snakeCase(metadataName(member)));
}
