import { isNestedWithin } from '../kernel/index.js';
import { OAuthError } from './oauth-error.js';

/** The request for one claim (OpenID Connect Core 5.5.1). */
export interface ClaimRequest {
  readonly essential?: true;
  /** Acceptable values; `value` is a list of one. Undefined: any value. */
  readonly values?: readonly unknown[];
}

/** The requested claims of one member (`id_token`, `userinfo`), by name. */
export type ClaimsMember = Readonly<Record<string, ClaimRequest>>;

/** A validated `claims` parameter; empty members are omitted. */
export interface ClaimsRequest {
  readonly userinfo?: ClaimsMember;
  readonly idToken?: ClaimsMember;
}

const maxCharacters = 4000;
const maxClaims = 100;
const maxValues = 20;
/** The parameter, a member, a claim, its values, and a structured value such as an address. */
const maxLevels = 10;

/**
 * Parses the `claims` parameter. Unknown members are ignored.
 * @returns undefined where it requests nothing
 * @throws OAuthError invalid_request where it violates OpenID Connect Core 5.5, or has more than 4000 characters, 100 claims in
 *   one member, 20 values of one claim or 10 levels
 */
export function parseClaimsParameter(text: string): ClaimsRequest | undefined {
  if (text.length > maxCharacters) throw malformed('claims.too_long');
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch {
    throw malformed('claims.not_json');
  }
  if (!isObject(whole)) throw malformed('claims.not_an_object');
  if (!isNestedWithin(whole, maxLevels)) throw malformed('claims.nesting');
  const userinfo = parseMember(memberOf(whole, 'userinfo'));
  const idToken = parseMember(memberOf(whole, 'id_token'));
  if (!userinfo && !idToken) return undefined;
  return { ...(userinfo ? { userinfo } : {}), ...(idToken ? { idToken } : {}) };
}

/** The request for one claim; undefined if it is not requested. */
export function claimRequestOf(member: ClaimsMember | undefined, name: string): ClaimRequest | undefined {
  return member && Object.hasOwn(member, name) ? member[name] : undefined;
}

/** True where the value is acceptable (OpenID Connect Core 5.5.1). */
export function fitsClaimRequest(request: ClaimRequest, value: unknown): boolean {
  if (!request.values) return true;
  const text = JSON.stringify(value);
  return request.values.some((wanted) => JSON.stringify(wanted) === text);
}

/** The acceptable values of `sub`; undefined where any user is acceptable (OpenID Connect Core 5.5.1). */
export function requestedSubjects(claims: ClaimsRequest): readonly unknown[] | undefined {
  return claimRequestOf(claims.idToken, 'sub')?.values ?? claimRequestOf(claims.userinfo, 'sub')?.values;
}

function parseMember(member: unknown): ClaimsMember | undefined {
  if (member === undefined) return undefined;
  if (!isObject(member)) throw malformed('claims.member');
  const entries = Object.entries(member);
  if (entries.length > maxClaims) throw malformed('claims.too_many');
  return entries.length === 0
    ? undefined
    : Object.fromEntries(entries.map(([name, request]) => [name, parseClaimRequest(request)]));
}

function parseClaimRequest(request: unknown): ClaimRequest {
  // 5.5.1: null requests the claim in the default manner.
  if (request === null) return {};
  if (!isObject(request)) throw malformed('claims.request');
  const essential = memberOf(request, 'essential');
  if (essential !== undefined && typeof essential !== 'boolean') throw malformed('claims.essential');
  const value = memberOf(request, 'value');
  const several = memberOf(request, 'values');
  if (several !== undefined && !Array.isArray(several)) throw malformed('claims.values');
  const values: unknown[] = [...(value === undefined ? [] : [value]), ...((several as unknown[] | undefined) ?? [])];
  if (values.length > maxValues) throw malformed('claims.too_many_values');
  return {
    ...(essential === true ? { essential } : {}),
    ...(value === undefined && several === undefined ? {} : { values }),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function memberOf(object: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function malformed(reason: string): OAuthError {
  return new OAuthError('invalid_request', 'The claims parameter is malformed.', { reason });
}
