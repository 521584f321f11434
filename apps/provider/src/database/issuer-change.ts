import { isIP } from 'node:net';

/**
 * The issuer of a database that was in use before issuers were recorded. Without `GATEHOUSE_ISSUER` that was
 * `http://127.0.0.1:PORT`, where the default is `http://localhost:PORT` now. Browsers make no passkey for an IP address: a
 * database that has one was at localhost already.
 */
export function issuerOfOlderDatabase(issuer: string, hasPasskeys: boolean): string {
  const { protocol, hostname, port } = new URL(issuer);
  if (hasPasskeys || protocol !== 'http:' || hostname !== 'localhost') return issuer;
  return `http://127.0.0.1${port === '' ? '' : `:${port}`}`;
}

/** What another issuer than the recorded one breaks, and what to do; undefined where they are the same. */
export function issuerChangeWarning(recorded: string, current: string): string | undefined {
  if (recorded === current) return undefined;
  const before = new URL(recorded).hostname;
  // WebAuthn 5.1.2: passkeys are bound to the host, whatever the port; there are none for IP addresses.
  const losesPasskeys = before !== new URL(current).hostname && isIP(before.replace(/^\[|\]$/g, '')) === 0;
  const breaks = [
    ...(losesPasskeys ? [`passkeys added at ${before} no longer work`] : []),
    'ID tokens and signed access tokens issued before are refused',
    'applications and APIs must be configured with the new issuer',
  ];
  return [
    `this database was made with the issuer ${recorded}, and the issuer is ${current} now: ${breaks.join(', ')}.`,
    `To go back, set GATEHOUSE_ISSUER=${recorded}. If the change is intended: npm run -s gatehouse -- store accept-issuer`,
  ].join(' ');
}
