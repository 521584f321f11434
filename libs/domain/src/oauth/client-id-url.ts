import { isLoopbackHost } from './redirect-uri.js';

/** As for any other `client_id`. */
const maxCharacters = 200;

/** True for a `client_id` with the form of a metadata document URL, valid or not. */
export function isClientIdUrl(clientId: string): boolean {
  return /^https?:/i.test(clientId);
}

/**
 * What is wrong with the URL of a client ID metadata document; undefined if nothing is.
 * @param options.loopback whether http on loopback is allowed, for development
 * @see draft-ietf-oauth-client-id-metadata-document 3
 */
export function clientIdUrlProblem(
  clientId: string,
  options: { readonly loopback: 'allowed' | 'refused' },
): string | undefined {
  if (clientId.length > maxCharacters) return `A client_id has at most ${maxCharacters} characters.`;
  if (!URL.canParse(clientId)) return 'The client_id is not a URL.';
  const url = new URL(clientId);
  const local = url.protocol === 'http:' && isLoopbackHost(url.hostname) && options.loopback === 'allowed';
  if (url.protocol !== 'https:' && !local) return 'A client_id that is a URL must begin with https.';
  if (url.username !== '' || url.password !== '') return 'A client_id must not contain a user name or password.';
  if (clientId.includes('#')) return 'A client_id must not have a fragment.';
  if (url.pathname === '/') return 'A client_id that is a URL must have a path.';
  // Client ids are compared as strings: dot segments, default ports and upper-case hosts would give a client several ids.
  if (url.href !== clientId) return 'The client_id is not in its normalized form.';
  return undefined;
}

/** Hosts of allowed clients: `host`, `*.host` for its subdomains, `!` before a blocked one. */
export interface HostRules {
  readonly allowed: readonly string[];
  readonly blocked: readonly string[];
}

/** Parses a list separated by commas or spaces. @returns undefined where a member is not a host name */
export function parseHostRules(text: string): HostRules | undefined {
  const members = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((member) => member !== '');
  if (!members.every((member) => /^!?(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(member))) return undefined;
  return {
    allowed: members.filter((member) => !member.startsWith('!')),
    blocked: members.filter((member) => member.startsWith('!')).map((member) => member.slice(1)),
  };
}

/** True where the rules allow this host; a block takes precedence. @param mode `open`: every host that is not blocked */
export function isHostAllowed(host: string, rules: HostRules, mode: 'allow-list' | 'open'): boolean {
  const matches = (rule: string): boolean => (rule.startsWith('*.') ? host.endsWith(rule.slice(1)) : host === rule);
  if (rules.blocked.some(matches)) return false;
  return mode === 'open' || rules.allowed.some(matches);
}
