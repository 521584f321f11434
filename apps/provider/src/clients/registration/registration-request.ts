import {
  blankRegistration,
  isAdministratorGrantedScope,
  metadataName,
  OAuthError,
  parseClientMetadata,
  standardScopes,
  type Client,
  type ClientInput,
  type FieldProblem,
  type Resource,
  type Scope,
} from '@gatehouse/domain/oauth';
import { OperationError } from '../../operations/operation-error.js';
import { UnsupportedBody } from '@gatehouse/platform/http/form';
import { readBody } from '@gatehouse/platform/http/read-form';
import { header, type WebRequest } from '@gatehouse/platform/http/request';

/** Enough for fifty redirect URIs, twenty keys and all other metadata. */
const maxBodyBytes = 128 * 1024;

export type Json = Readonly<Record<string, unknown>>;

/**
 * The body of a registration or an update: one JSON object.
 * @throws OAuthError invalid_client_metadata; BodyTooLarge
 * @see RFC 7591 3.1
 */
export async function readMetadata(request: WebRequest): Promise<Json> {
  const body = await readBody(request, maxBodyBytes);
  // A page of another site can send a form or plain text without a CORS preflight, but not JSON.
  const mediaType = (header(request, 'content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  if (mediaType !== 'application/json')
    throw invalidMetadata('The body must be application/json.', new UnsupportedBody(mediaType ?? ''));
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw invalidMetadata('The body is no JSON.', cause);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw invalidMetadata('The body is no JSON object.');
  return json as Json;
}

/** The maximum number of scopes of one client. */
const maxScopes = 100;

/**
 * Scopes that can be registered dynamically: the standard ones and those of APIs. Only administrators assign `roles`
 * and `gatehouse:*`.
 */
export function registrableScopes(resources: readonly Resource[]): Scope {
  const ofResources = resources.flatMap((resource) => resource.scopes.map((scope) => scope.name));
  return [...new Set([...standardScopes, ...ofResources])].filter((scope) => !isAdministratorGrantedScope(scope));
}

/** The rules for a registration. */
export interface RegistrationPolicy {
  /** True: its initial access token allows it to choose a security profile. */
  readonly mayChooseProfile: boolean;
  readonly scopes: Scope;
}

/**
 * Parses the requested metadata. Absent members get their defaults (RFC 7591 2, OpenID Connect Registration 2), because an
 * update replaces all metadata.
 * @param before the client that is updated: it may keep scopes that an administrator assigned
 * @throws OAuthError invalid_redirect_uri, invalid_client_metadata, invalid_software_statement,
 *   unapproved_software_statement
 */
export function registrationInput(json: Json, policy: RegistrationPolicy, before?: Client): ClientInput {
  rejectSoftwareStatement(json['software_statement']);
  const { input: requested, problems } = parseClientMetadata(json);
  if (problems.length > 0) throw registrationProblem(problems);
  const allowed = new Set([...policy.scopes, ...(before?.scope ?? [])]);
  const scope = requested.scope ?? [...allowed].slice(0, maxScopes);
  const disallowed = scope.find((each) => !allowed.has(each));
  if (disallowed !== undefined)
    throw registrationProblem([
      { field: 'scope', message: 'A requested scope does not exist, or only an administrator can assign it.' },
    ]);
  checkProfile(requested, policy, before);
  return {
    ...blankRegistration,
    ...requested,
    name: requested.name?.trim() || nameFor(requested.redirectUris?.[0]),
    scope,
  };
}

/** Administrators set the security profile: a dynamically registered client keeps it, and cannot choose one itself. */
function checkProfile(
  { securityProfile }: ClientInput,
  { mayChooseProfile }: RegistrationPolicy,
  before: Client | undefined,
): void {
  if (securityProfile === undefined || securityProfile === (before?.securityProfile ?? 'none')) return;
  if (mayChooseProfile && before === undefined) return;
  throw registrationProblem([
    {
      field: 'securityProfile',
      message: 'Only an administrator, or an initial access token that approves clients, can set this.',
    },
  ]);
}

/** Rejected rather than ignored, because no issuer of software statements is trusted (RFC 7591 3.1.1, 3.2.2). */
function rejectSoftwareStatement(value: unknown): void {
  if (value === undefined || value === null) return;
  if (typeof value !== 'string' || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(value))
    throw new OAuthError('invalid_software_statement', 'The software_statement is no signed JWT.', {
      reason: 'registration.statement',
    });
  throw new OAuthError('unapproved_software_statement', 'No issuer of software statements is trusted here.', {
    reason: 'registration.statement',
  });
}

/** A name to show to users when there is no client_name (RFC 7591 2). */
function nameFor(redirectUri: string | undefined): string {
  if (redirectUri === undefined || !URL.canParse(redirectUri)) return 'Unnamed client';
  const { hostname, protocol } = new URL(redirectUri);
  return (hostname || protocol.slice(0, -1)).slice(0, 200);
}

/** The problems as an OAuth error, with the names of the members (RFC 7591 3.2.2). */
export function registrationProblem(problems: readonly FieldProblem[]): OAuthError {
  const named = problems.map(({ field, message }) => ({ name: metadataName(field), message }));
  const code = named.some(({ name }) => name === 'redirect_uris') ? 'invalid_redirect_uri' : 'invalid_client_metadata';
  const first = named.find(({ name }) => code === 'invalid_redirect_uri' && name === 'redirect_uris') ?? named[0];
  const others = named.filter((each) => each !== first);
  const description = [first, ...others]
    .slice(0, 5)
    .map((each) => (each ? `${each.name}: ${each.message}` : ''))
    .join(' ');
  return new OAuthError(code, toAscii(description), { reason: `registration.${first?.name ?? 'metadata'}` });
}

/** RFC 6749 5.2: error_description excludes quotation marks, backslashes and non-ASCII characters. */
function toAscii(text: string): string {
  return text.replace(/["’]/g, "'").replace(/[^\x20-\x7e]|\\/g, '');
}

/** The protocol error for an operation error; undefined if there is none. */
export function registrationError(error: OperationError): OAuthError | undefined {
  switch (error.code) {
    case 'invalid':
      return registrationProblem(problemsOf(error));
    case 'changed':
      return invalidMetadata('The client was changed at the same time: read it, and send the update again.', error);
    default:
      return undefined;
  }
}

function problemsOf({ problems }: OperationError): FieldProblem[] {
  return problems.map(({ field, message }) => ({ field, message: String(message) }));
}

export function invalidMetadata(description: string, cause?: unknown): OAuthError {
  return new OAuthError('invalid_client_metadata', description, { cause, reason: 'registration.body' });
}
