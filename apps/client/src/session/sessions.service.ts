import { Inject, Injectable } from '@nestjs/common';
import {
  addSeconds,
  epochSeconds,
  equalInConstantTime,
  formatToken,
  parseToken,
  sha256,
  type EpochSeconds,
} from '@gatehouse/domain/kernel';
import { Store, type Unit } from '@gatehouse/platform/database/store';
import { UnsealError, Keyring } from '@gatehouse/platform/secrets/keyring';
import { newSecret, SelectorSource } from '@gatehouse/platform/secrets/random';
import { cookieName } from '@gatehouse/platform/http/browser-cookie';
import type { SetCookie } from '@gatehouse/platform/http/reply';
import { SETTINGS } from '../config/settings.token.js';
import type { ClientSettings } from '../config/settings.js';
import type { ClientSession, SessionContent } from './client-session.js';
import { sessionStatements, type SessionRow } from './session.statements.js';

/** A working day; beyond it the provider's own session and refresh token decide how long a user stays logged in. */
const lifetimeSeconds = 12 * 3600;

/** Owns the browser's session at this client: starts it, finds it by its cookie, changes and ends it. */
@Injectable()
export class SessionsService {
  readonly cookieName: string;
  private readonly secure: boolean;

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Keyring) private readonly keyring: Keyring,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(SETTINGS) settings: ClientSettings,
  ) {
    this.secure = settings.baseUrl.startsWith('https:');
    this.cookieName = cookieName('gatehouse_client_session', this.secure);
  }

  /** Starts a session and returns its cookie, with a new value each time to prevent session fixation. */
  async start(
    unit: Unit,
    content: SessionContent,
    previous: ClientSession | undefined,
    now: EpochSeconds,
  ): Promise<SetCookie> {
    if (previous) await this.end(unit, previous);
    const token = { selector: this.selectors.next(), verifier: newSecret() };
    const sealed = this.seal(token.selector, content);
    const expiresAt = addSeconds(now, lifetimeSeconds);
    const { sid } = content.claims;
    await unit.change(
      sessionStatements.insert,
      token.selector,
      sha256(token.verifier),
      sealed,
      now,
      expiresAt,
      scopedHash(content, content.subject),
      typeof sid === 'string' ? scopedHash(content, sid) : null,
    );
    return { name: this.cookieName, value: formatToken(token), secure: this.secure, maxAgeSeconds: lifetimeSeconds };
  }

  /** The session of a cookie's value; undefined if unknown, forged, expired or unreadable. */
  async find(cookieValue: string | undefined, now: EpochSeconds): Promise<ClientSession | undefined> {
    const token = cookieValue === undefined ? undefined : parseToken(cookieValue);
    if (!token) return undefined;
    const row = await this.store.one<SessionRow>(sessionStatements.find, token.selector, now);
    if (!row || !equalInConstantTime(row.verifier_hash, sha256(token.verifier))) return undefined;
    return this.open(row);
  }

  /** The current state of the session, after a concurrent change. */
  async again(session: ClientSession, now: EpochSeconds): Promise<ClientSession | undefined> {
    const row = await this.store.one<SessionRow>(sessionStatements.find, session.selector, now);
    return row && this.open(row);
  }

  /** False if the session was changed concurrently. */
  async change(unit: Unit, session: ClientSession, content: SessionContent): Promise<boolean> {
    const sealed = this.seal(session.selector, content);
    return (await unit.change(sessionStatements.change, session.selector, session.version, sealed)) === 1;
  }

  /** Overwrites concurrent changes; false when the session has ended. */
  async put(unit: Unit, session: ClientSession, content: SessionContent): Promise<boolean> {
    const sealed = this.seal(session.selector, content);
    return (await unit.change(sessionStatements.put, session.selector, sealed)) === 1;
  }

  async end(unit: Unit, session: ClientSession): Promise<void> {
    await unit.change(sessionStatements.end, session.selector);
  }

  /**
   * Ends the sessions of a logout token: that of the provider's session if it is named, otherwise all of the user.
   * @returns the number of ended sessions
   */
  async endOfProvider(
    unit: Unit,
    target: {
      readonly issuer: string;
      readonly clientId: string;
      readonly subject: string | undefined;
      readonly sessionId: string | undefined;
    },
  ): Promise<number> {
    const { subject, sessionId } = target;
    if (sessionId !== undefined)
      return unit.change(sessionStatements.endOfProviderSession, scopedHash(target, sessionId));
    return subject === undefined ? 0 : unit.change(sessionStatements.endOfSubject, scopedHash(target, subject));
  }

  /** Deletes the cookie. */
  removedCookie(): SetCookie {
    return { name: this.cookieName, value: '', secure: this.secure, maxAgeSeconds: 0 };
  }

  async purgeExpired(unit: Unit, now: EpochSeconds, limit: number): Promise<number> {
    return unit.change(sessionStatements.purge, now, limit);
  }

  private seal(selector: number, content: SessionContent): string {
    return this.keyring.seal(associatedDataOf(selector), JSON.stringify(content));
  }

  private open(row: SessionRow): ClientSession | undefined {
    try {
      // Only this server can seal it, so its structure is known.
      const content = JSON.parse(
        this.keyring.open(associatedDataOf(row.selector), row.content_sealed).toString(),
      ) as SessionContent;
      const { selector, version } = row;
      return {
        selector,
        version,
        createdAt: epochSeconds(row.created_at),
        expiresAt: epochSeconds(row.expires_at),
        content,
      };
    } catch (error) {
      // The session secret was changed: users must log in again.
      if (error instanceof UnsealError) return undefined;
      throw error;
    }
  }
}

/** A hash of a subject or session id, scoped to issuer and client. */
function scopedHash({ issuer, clientId }: Pick<SessionContent, 'issuer' | 'clientId'>, name: string): Buffer {
  return sha256(JSON.stringify([issuer, clientId, name]));
}

function associatedDataOf(selector: number): string {
  return `sessions.content_sealed:${selector}`;
}
