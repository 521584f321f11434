const CENSORED = '[redacted]';

/** Names of fields that are never logged; compared without case, `-` and `_`. */
const secretNames = new Set([
  ...['password', 'newpassword', 'currentpassword', 'passwordhash'],
  ...['secret', 'clientsecret', 'secretkey', 'secretkeys', 'sessionsecret', 'key', 'privatekey'],
  ...['token', 'accesstoken', 'refreshtoken', 'idtoken', 'idtokenhint', 'initialaccesstoken', 'csrf'],
  ...['code', 'codeverifier', 'verifier', 'otp', 'assertion', 'clientassertion'],
  ...['authorization', 'cookie', 'cookies', 'setcookie', 'body', 'databaseurl', 'smtpurl'],
]);

/** The last line of defence: removes secret fields of a log line, two levels deep. */
export function redact(fields: Record<string, unknown>): Record<string, unknown> {
  return redactLevel(fields, 2);
}

function redactLevel(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
  let changed: Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(fields)) {
    const kept = isSecretName(name) ? CENSORED : depth > 1 && isPlain(value) ? redactLevel(value, depth - 1) : value;
    if (kept !== value) changed = { ...(changed ?? fields), [name]: kept };
  }
  return changed ?? fields;
}

function isSecretName(name: string): boolean {
  return secretNames.has(name) || secretNames.has(name.toLowerCase().replace(/[-_]/g, ''));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
