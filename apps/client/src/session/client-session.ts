import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { RecordedMessage } from './recorded-message.js';

export type Claims = Readonly<Record<string, unknown>>;

/** The response to the last API call. */
export interface ApiResponse {
  readonly at: number;
  readonly status: number;
  /** JSON as received, length-limited. */
  readonly body: string;
}

/** Whether the user was an administrator at the last check with the provider. */
export interface AdminCheck {
  readonly at: number;
  readonly isAdmin: boolean;
}

/** The content of a session; sealed in the database, never in a cookie. */
export interface SessionContent {
  readonly providerId: string;
  readonly providerName: string;
  /** Issuer and client of the tokens, which are never sent to another issuer or as another client. */
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
  /** Epoch seconds; undefined when the provider did not specify it. */
  readonly accessTokenExpiresAt?: number | undefined;
  readonly refreshToken?: string | undefined;
  readonly loggedInAt: number;
  readonly refreshedAt?: number | undefined;
  /** Undefined until the first check after the ID token of the login. */
  readonly adminCheck?: AdminCheck | undefined;
  readonly messages: readonly RecordedMessage[];
  readonly apiAnswer?: ApiResponse | undefined;
  /** Message for the next page. */
  readonly notice?: SessionNotice | undefined;
}

/** 9999-12-31T23:59:59Z */
const lastInstant = 253_402_300_799;

/**
 * The expiry of an access token in epoch seconds; undefined when the provider gave no lifetime (RFC 6749 5.1: optional), or one
 * beyond the range of dates.
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
