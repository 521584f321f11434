import type { RecordedMessage } from '../session/recorded-message.js';

export const flowLifetimeSeconds = 3600;

/** Values that must be returned unchanged, and values that only this client may know. */
export interface FlowContent {
  readonly issuer: string;
  readonly clientId: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly next: string;
  readonly messages: readonly RecordedMessage[];
}

/** A login in progress. */
export interface LoginFlow {
  /** Identifies it for consumption: its row, or the nonce of a sealed `state`. */
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
