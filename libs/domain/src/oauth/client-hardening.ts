/** Restrictions beyond the defaults, which an administrator or the client itself may have set. */
export interface ClientHardening {
  readonly dpopBoundAccessTokens?: boolean | undefined;
  readonly requirePushedAuthorizationRequests?: boolean | undefined;
  readonly requireSignedRequestObject?: boolean | undefined;
  /** Left out: required, by default. */
  readonly pkceRequired?: boolean | undefined;
  /** A `RefreshTokenRotation`, checked or not. */
  readonly refreshTokenRotation?: string | undefined;
}

const flags = ['dpopBoundAccessTokens', 'requirePushedAuthorizationRequests', 'requireSignedRequestObject'] as const;

/**
 * The members by which an update makes a client less secure than it was; empty where it keeps or tightens all of them. An
 * update replaces all metadata, so a member that it leaves out is loosened too.
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
