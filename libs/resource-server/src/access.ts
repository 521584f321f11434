/** What a valid token allows. */
export interface Access {
  /** Absent for a client's own token without a subject. */
  readonly subject: string | undefined;
  readonly clientId: string | undefined;
  readonly scope: readonly string[];
  /** Epoch seconds. */
  readonly expiresAt: number | undefined;
  /** Thumbprint of the key to which the token is bound (RFC 9449 6). */
  readonly boundTo: string | undefined;
  /** All claims of the token or of the introspection response. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Validates a token. @throws Refusal invalid_token, unavailable */
export interface TokenCheck {
  check(token: string, now: number): Promise<Access>;
}

export function accessOf(claims: Readonly<Record<string, unknown>>): Access {
  const confirmation = claims['cnf'];
  const jkt =
    typeof confirmation === 'object' && confirmation !== null && 'jkt' in confirmation ? confirmation.jkt : undefined;
  const scope = claims['scope'];
  const text = (name: string): string | undefined => {
    const value = claims[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    subject: text('sub'),
    clientId: text('client_id'),
    scope: typeof scope === 'string' ? scope.split(' ').filter((each) => each !== '') : [],
    expiresAt: typeof claims['exp'] === 'number' ? claims['exp'] : undefined,
    boundTo: typeof jkt === 'string' ? jkt : undefined,
    claims,
  };
}

/** True when `aud`, a string or a list, contains the resource. */
export function isFor(claims: Readonly<Record<string, unknown>>, resource: string): boolean {
  const audience: unknown = claims['aud'];
  return Array.isArray(audience) ? audience.includes(resource) : audience === resource;
}
