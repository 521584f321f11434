import { isIP } from 'node:net';

/**
 * The issuer of a database that was in use before issuers were recorded. Then the default was `http://127.0.0.1:PORT`; now
 * it is `http://localhost:PORT`. Browsers create no passkeys for IP addresses: a database with passkeys already used
 * localhost.
 */
export function issuerOfOlderDatabase(issuer: string, hasPasskeys: boolean): string {
  const { protocol, hostname, port } = new URL(issuer);
  if (hasPasskeys || protocol !== 'http:' || hostname !== 'localhost') return issuer;
  return `http://127.0.0.1${port === '' ? '' : `:${port}`}`;
}

/** What a change of the issuer breaks, and what to do; undefined if it is unchanged. */
export function issuerChangeWarning(recorded: string, current: string): string | undefined {
  if (recorded === current) return undefined;
  const before = new URL(recorded).hostname;
  // WebAuthn 5.1.2: passkeys are bound to the host, regardless of the port; IP addresses have none.
  const losesPasskeys = before !== new URL(current).hostname && isIP(before.replace(/^\[|\]$/g, '')) === 0;
  const breaks = [
    ...(losesPasskeys ? [`passkeys added at ${before} no longer work`] : []),
    'ID tokens and signed access tokens issued before are rejected',
    'applications and APIs must be configured with the new issuer',
  ];
  return [
    `the database was created with the issuer ${recorded}, but the issuer is now ${current}: ${breaks.join(', ')}.`,
    `To go back, set GATEHOUSE_ISSUER=${recorded}. If the change is intended: npm run -s gatehouse -- store accept-issuer`,
  ].join(' ');
}
