import type { RecordedMessage } from '../session/recorded-message.js';

export const flowLifetimeSeconds = 3600;

/** What must come back unchanged, and what only this client may know. */
export interface FlowContent {
  readonly issuer: string;
  readonly clientId: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly next: string;
  readonly messages: readonly RecordedMessage[];
}

/** A login that was begun. */
export interface LoginFlow {
  /** What spends it: its row, or what a sealed `state` says of itself. */
  readonly key: { readonly selector: number } | { readonly nonce: string; readonly expiresAt: number };
  readonly providerId: string;
  readonly consumed: boolean;
  readonly content: FlowContent;
}

export interface FlowOrigin {
  readonly browserHash: Buffer;
  readonly addressKey: string;
  readonly providerId: string;
}
