import type { EpochSeconds } from '@gatehouse/domain/kernel';
import {
  parseAuthorizationRequest,
  writeAuthorizationRequest,
  type AuthorizationRequest,
} from '@gatehouse/domain/oauth';

/** An authorization request that was checked. */
export interface KeptAuthorization {
  readonly kind: 'authorization';
  readonly request: AuthorizationRequest;
  readonly hintedUserId?: string | undefined;
}

/** Where a browser was going before it had to log in: an authorization request, or an address of our own. */
export type KeptContent = KeptAuthorization | { readonly kind: 'address'; readonly address: string };

export interface Progress {
  readonly createdAt: EpochSeconds;
  /** When a person logged in for this very request. */
  readonly loggedInAt?: EpochSeconds | undefined;
  /** When a person said yes to this very request. */
  readonly consentedAt?: EpochSeconds | undefined;
  /** When a person chose the account that was logged in, for this very request. */
  readonly selectedAt?: EpochSeconds | undefined;
}

/** What a person did for a request that waits. */
export type Advance = 'loggedIn' | 'consented' | 'selected';

export type KeptRequest<Content = KeptContent> = Content & {
  /** What stands in the address bar: `selector.verifier`, or the sealed request itself. */
  readonly id: string;
  readonly progress: Progress;
};

/** As a row of ours has it; {@link parseContent} reads it back. */
export function writeContent(content: KeptContent): string {
  // The hint was verified when the request came: its subject is all that is left of it.
  return content.kind === 'address'
    ? content.address
    : JSON.stringify({
        request: writeAuthorizationRequest({ ...content.request, idTokenHint: undefined }),
        hintedUserId: content.hintedUserId,
      });
}

export function parseContent(kind: string, text: string): KeptContent {
  return kind === 'address' ? { kind, address: text } : parseAuthorization(text);
}

export function parseAuthorization(text: string): KeptAuthorization {
  // Written by writeContent, and by nobody else.
  const { request, hintedUserId } = JSON.parse(text) as { request: string; hintedUserId?: string };
  return { kind: 'authorization', request: parseAuthorizationRequest(request), hintedUserId };
}
