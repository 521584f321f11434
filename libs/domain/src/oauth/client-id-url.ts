import { isLoopbackHost } from './redirect-uri.js';

/** As any other `client_id`. */
const maxCharacters = 200;

/** True for a `client_id` that wants to be the address of a metadata document, well formed or not. */
export function isClientIdUrl(clientId: string): boolean {
  return /^https?:/i.test(clientId);
}

/**
 * What is wrong with the address of a client's metadata document; undefined when nothing is.
 * @param options.loopback whether http on this computer will do: for development
 * @see draft-ietf-oauth-client-id-metadata-document 3
 */
export function clientIdUrlProblem(
  clientId: string,
  options: { readonly loopback: 'allowed' | 'refused' },
): string | undefined {
  if (clientId.length > maxCharacters) return `A client_id has at most ${maxCharacters} characters.`;
  if (!URL.canParse(clientId)) return 'The client_id is no address.';
  const url = new URL(clientId);
  const local = url.protocol === 'http:' && isLoopbackHost(url.hostname) && options.loopback === 'allowed';
  if (url.protocol !== 'https:' && !local) return 'A client_id that is an address begins with https.';
  if (url.username !== '' || url.password !== '') return 'A client_id carries no user name or password.';
  if (clientId.includes('#')) return 'A client_id has no fragment.';
  if (url.pathname === '/') return 'A client_id that is an address has a path.';
  // Compared as texts everywhere: dot segments, default ports and capitals in the host would be a second name.
  if (url.href !== clientId) return 'The client_id is not written in its plain form.';
  return undefined;
}

/** Hosts that may be clients: `host`, `*.host` for those below it, `!` before one that may not. */
export interface HostRules {
  readonly allowed: readonly string[];
  readonly blocked: readonly string[];
}

/** Reads a list with commas or spaces. @returns undefined where a member is no host name */
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

/** True where the rules let this host be a client; a block wins. @param mode `open`: every host that is not blocked */
export function isHostAllowed(host: string, rules: HostRules, mode: 'allow-list' | 'open'): boolean {
  const matches = (rule: string): boolean => (rule.startsWith('*.') ? host.endsWith(rule.slice(1)) : host === rule);
  if (rules.blocked.some(matches)) return false;
  return mode === 'open' || rules.allowed.some(matches);
}
