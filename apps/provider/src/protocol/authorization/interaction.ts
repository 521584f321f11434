import type { EpochSeconds, Selector } from '@gatehouse/domain/kernel';
import {
  parseAuthorizationRequest,
  writeAuthorizationRequest,
  type AuthorizationRequest,
  type DeviceAuthorizationRequest,
} from '@gatehouse/domain/oauth';

/** An authorization request that was checked. */
export interface AuthorizationInteraction {
  readonly kind: 'authorization';
  readonly request: AuthorizationRequest;
  readonly hintedUserId?: string | undefined;
}

/** A device whose code a person typed (RFC 8628 3.3). */
export interface WaitingDevice extends DeviceAuthorizationRequest {
  readonly selector: Selector;
  /** As it is shown: `BCDF-GHJK`. */
  readonly userCode: string;
  readonly expiresAt: EpochSeconds;
}

/** Where a browser was going before it had to log in: an authorization request, a device's, or an address of our own. */
export type InteractionContent =
  | AuthorizationInteraction
  | { readonly kind: 'device'; readonly device: WaitingDevice }
  | { readonly kind: 'address'; readonly address: string };

/** The client that a kept request is of. */
export function clientIdOf(content: InteractionContent): string | undefined {
  switch (content.kind) {
    case 'authorization':
      return content.request.clientId;
    case 'device':
      return content.device.clientId;
    case 'address':
      return undefined;
  }
}

export interface InteractionProgress {
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

export type Interaction<Content = InteractionContent> = Content & {
  /** What stands in the address bar: `selector.verifier`, or the sealed request itself. */
  readonly id: string;
  readonly progress: InteractionProgress;
};

/** As a row of ours has it; {@link parseContent} reads it back. */
export function writeContent(content: InteractionContent): string {
  switch (content.kind) {
    case 'address':
      return content.address;
    case 'device':
      return JSON.stringify(content.device);
    case 'authorization':
      return JSON.stringify({
        // The hint was verified when the request came: its subject is all that is left of it.
        request: writeAuthorizationRequest({ ...content.request, idTokenHint: undefined }),
        hintedUserId: content.hintedUserId,
      });
  }
}

export function parseContent(kind: string, text: string): InteractionContent {
  if (kind === 'address') return { kind, address: text };
  // Written by writeContent, and by nobody else.
  if (kind === 'device') return { kind, device: JSON.parse(text) as WaitingDevice };
  return parseAuthorization(text);
}

export function parseAuthorization(text: string): AuthorizationInteraction {
  // Written by writeContent, and by nobody else.
  const { request, hintedUserId } = JSON.parse(text) as { request: string; hintedUserId?: string };
  return { kind: 'authorization', request: parseAuthorizationRequest(request), hintedUserId };
}
