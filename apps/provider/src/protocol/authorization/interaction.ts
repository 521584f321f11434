import type { EpochSeconds, Selector } from '@gatehouse/domain/kernel';
import {
  parseAuthorizationRequest,
  writeAuthorizationRequest,
  type AuthorizationRequest,
  type DeviceAuthorizationRequest,
} from '@gatehouse/domain/oauth';

/** A checked authorization request. */
export interface AuthorizationInteraction {
  readonly kind: 'authorization';
  readonly request: AuthorizationRequest;
  readonly hintedUserId?: string | undefined;
}

/** A device whose code a user entered (RFC 8628 3.3). */
export interface PendingDevice extends DeviceAuthorizationRequest {
  readonly selector: Selector;
  /** In display form: `BCDF-GHJK`. */
  readonly userCode: string;
  readonly expiresAt: EpochSeconds;
}

/** What waits for a user: an authorization request, a device, or a page of this server. */
export type InteractionContent =
  | AuthorizationInteraction
  | { readonly kind: 'device'; readonly device: PendingDevice }
  | { readonly kind: 'address'; readonly address: string };

/** The client of an interaction. */
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
  /** When a user signed in for this request. */
  readonly loggedInAt?: EpochSeconds | undefined;
  /** When a user consented to this request. */
  readonly consentedAt?: EpochSeconds | undefined;
  /** When a user chose the signed-in account for this request. */
  readonly selectedAt?: EpochSeconds | undefined;
}

/** A step that a user completes in an interaction. */
export type CompletedStep = 'loggedIn' | 'consented' | 'selected';

export type Interaction<Content = InteractionContent> = Content & {
  /** The id in the URL: `selector.verifier`, or the sealed request itself. */
  readonly id: string;
  readonly progress: InteractionProgress;
};

/** The stored form; {@link parseContent} parses it. */
export function writeContent(content: InteractionContent): string {
  switch (content.kind) {
    case 'address':
      return content.address;
    case 'device':
      return JSON.stringify(content.device);
    case 'authorization':
      return JSON.stringify({
        // The hint has already been verified: only its subject is stored.
        request: writeAuthorizationRequest({ ...content.request, idTokenHint: undefined }),
        hintedUserId: content.hintedUserId,
      });
  }
}

export function parseContent(kind: string, text: string): InteractionContent {
  if (kind === 'address') return { kind, address: text };
  // Written only by writeContent.
  if (kind === 'device') return { kind, device: JSON.parse(text) as PendingDevice };
  return parseAuthorization(text);
}

export function parseAuthorization(text: string): AuthorizationInteraction {
  // Written only by writeContent.
  const { request, hintedUserId } = JSON.parse(text) as { request: string; hintedUserId?: string };
  return { kind: 'authorization', request: parseAuthorizationRequest(request), hintedUserId };
}
