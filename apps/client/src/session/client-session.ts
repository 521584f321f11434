import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { RecordedMessage } from './recorded-message.js';

export type Claims = Readonly<Record<string, unknown>>;

/** What the last call of the API answered. */
export interface ApiAnswer {
  readonly at: number;
  readonly status: number;
  /** JSON as it came, bounded. */
  readonly body: string;
}

/** Whether the person was an administrator at the provider when it was last asked. */
export interface AdminCheck {
  readonly at: number;
  readonly isAdmin: boolean;
}

/** What a session holds; sealed in the database, never in a cookie. */
export interface SessionContent {
  readonly providerId: string;
  readonly providerName: string;
  /** Where the tokens come from: they are never sent to another issuer, or as another client. */
  readonly issuer: string;
  readonly clientId: string;
  readonly subject: string;
  readonly username: string;
  readonly claims: Claims;
  readonly userinfo?: Claims | undefined;
  readonly idToken: string;
  readonly accessToken: string;
  readonly tokenType: string;
  readonly scope: string;
  /** Epoch seconds; undefined when the provider did not say. */
  readonly accessTokenExpiresAt?: number | undefined;
  readonly refreshToken?: string | undefined;
  readonly loggedInAt: number;
  readonly refreshedAt?: number | undefined;
  /** Undefined while only the ID token of the login has said so. */
  readonly adminCheck?: AdminCheck | undefined;
  readonly messages: readonly RecordedMessage[];
  readonly apiAnswer?: ApiAnswer | undefined;
  /** What the next page must say. */
  readonly notice?: SessionNotice | undefined;
}

/** 9999-12-31T23:59:59Z */
const lastInstant = 253_402_300_799;

/**
 * When an access token expires, in epoch seconds; undefined when the provider gave no lifetime (RFC 6749 5.1: optional), or
 * one that ends after every date.
 */
export function accessTokenExpiry(expiresIn: number | undefined, now: number): number | undefined {
  if (expiresIn === undefined) return undefined;
  const at = Math.floor(now + expiresIn);
  return at <= lastInstant ? at : undefined;
}

export type SessionNoticeId =
  | 'refreshed'
  | 'refresh.over'
  | 'refresh.none'
  | 'provider.changed'
  | 'provider.unreachable'
  | 'provider.invalid_answer';

export interface SessionNotice {
  readonly id: SessionNoticeId;
  readonly requestId: string;
}

export interface ClientSession {
  readonly selector: number;
  readonly version: number;
  readonly createdAt: EpochSeconds;
  readonly expiresAt: EpochSeconds;
  readonly content: SessionContent;
}
