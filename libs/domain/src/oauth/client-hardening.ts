/** Restrictions beyond the defaults, set by an administrator or by the client itself. */
export interface ClientHardening {
  readonly dpopBoundAccessTokens?: boolean | undefined;
  readonly requirePushedAuthorizationRequests?: boolean | undefined;
  readonly requireSignedRequestObject?: boolean | undefined;
  /** Required if omitted. */
  readonly pkceRequired?: boolean | undefined;
  /** A `RefreshTokenRotation`, validated or not. */
  readonly refreshTokenRotation?: string | undefined;
}

const flags = ['dpopBoundAccessTokens', 'requirePushedAuthorizationRequests', 'requireSignedRequestObject'] as const;

/**
 * The members by which an update makes a client less secure; empty where it keeps or tightens all of them. An update replaces
 * all metadata, so an omitted member is loosened too.
 * @see RFC 7592 2.2
 */
export function loosenedMembers(before: ClientHardening, after: ClientHardening): (keyof ClientHardening)[] {
  const loosened: (keyof ClientHardening)[] = flags.filter((flag) => before[flag] === true && after[flag] !== true);
  if (before.pkceRequired === true && after.pkceRequired === false) loosened.push('pkceRequired');
  if (before.refreshTokenRotation === 'always' && after.refreshTokenRotation !== 'always')
    loosened.push('refreshTokenRotation');
  return loosened;
}

/** @returns `after` with the restrictions of `before` that it would drop */
export function withHardeningOf<T extends ClientHardening>(before: ClientHardening, after: T): T {
  return { ...after, ...Object.fromEntries(loosenedMembers(before, after).map((member) => [member, before[member]])) };
}
