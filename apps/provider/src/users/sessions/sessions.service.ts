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
import { newId, newSecret, SelectorSource } from '@gatehouse/platform/secrets/random';
import { CurrentSettings } from '../../settings/current-settings.js';
import { listStart, type ListOrder } from '../../database/list-order.js';
import { Sweeper, type PurgeStep } from '../../database/sweep.js';
import type { Session } from './session.js';
import { sessionStatements, type SessionRow } from './session.statements.js';

/** Called in the same unit of work when a session is ended, but not when it expires. */
export interface SessionLifecycleListener {
  sessionEnded(unit: Unit, session: EndedSession, now: EpochSeconds): Promise<void>;
}

export type EndedSession = Pick<Session, 'id' | 'userId'>;

export interface Authentication {
  readonly userId: string;
  readonly full: boolean;
  readonly amr: readonly string[];
  readonly acr?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly address?: string | undefined;
}

const coalesceSeconds = 60;
/** How long a session may wait for the second factor, before the password is required again. */
const partialLifetimeSeconds = 1800;

/** Owns the browser's login: starts it, finds it by its cookie, ends it with everything that depends on it. */
@Injectable()
export class SessionsService {
  private readonly listeners: SessionLifecycleListener[] = [];

  private readonly sweeper = new Sweeper(sessionStatements.purge);

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(CurrentSettings) private readonly settings: CurrentSettings,
  ) {}

  addListener(listener: SessionLifecycleListener): void {
    this.listeners.push(listener);
  }

  /**
   * Records a login and returns the new cookie value (always new, against session fixation). If `previous` belongs to the
   * same user, it is renewed; if it belongs to another user, it is ended.
   */
  async start(
    unit: Unit,
    authentication: Authentication,
    previous: Session | undefined,
    now: EpochSeconds,
  ): Promise<{ session: Session; cookieValue: string }> {
    const token = { selector: this.selectors.next(), verifier: newSecret() };
    const verifierHash = sha256(token.verifier);
    const { userId, full, amr, acr } = authentication;
    const { sessionLifetimeSeconds } = this.settings.current();
    const expiresAt = addSeconds(
      now,
      full ? sessionLifetimeSeconds : Math.min(sessionLifetimeSeconds, partialLifetimeSeconds),
    );
    const userAgent = authentication.userAgent?.slice(0, 300) ?? null;
    const address = authentication.address ?? null;
    const sameUserSession = previous?.userId === userId ? previous : undefined;
    if (previous && !sameUserSession) await this.end(unit, previous.id, now);
    const authenticated = [full ? 1 : 0, now, JSON.stringify(amr), acr ?? null];
    const seen = [now, expiresAt, userAgent, address];
    const renewed =
      sameUserSession !== undefined &&
      (await unit.change(
        sessionStatements.renew,
        sameUserSession.id,
        token.selector,
        verifierHash,
        ...authenticated,
        ...seen,
      )) === 1;
    const id = renewed ? sameUserSession.id : newId();
    if (!renewed)
      await unit.change(
        sessionStatements.insert,
        token.selector,
        id,
        verifierHash,
        userId,
        ...authenticated,
        now,
        ...seen,
      );
    const session: Session = {
      id,
      userId,
      full,
      authTime: now,
      amr,
      acr,
      createdAt: renewed ? sameUserSession.createdAt : now,
      lastSeenAt: now,
      expiresAt,
      userAgent: userAgent ?? undefined,
      address: address ?? undefined,
    };
    return { session, cookieValue: formatToken(token) };
  }

  /**
   * Completes a session after a second factor, under a new cookie value. The `auth_time` of a partial session becomes
   * now; a full session, whose password may have been entered long ago, keeps its own.
   * @returns undefined if the session has ended since
   */
  async complete(
    unit: Unit,
    session: Session,
    authentication: Pick<Authentication, 'amr' | 'acr'>,
    now: EpochSeconds,
  ): Promise<{ session: Session; cookieValue: string } | undefined> {
    const token = { selector: this.selectors.next(), verifier: newSecret() };
    const authTime = session.full ? session.authTime : now;
    const expiresAt = session.full
      ? session.expiresAt
      : addSeconds(now, this.settings.current().sessionLifetimeSeconds);
    const { amr, acr } = authentication;
    const changed = await unit.change(
      sessionStatements.complete,
      session.id,
      token.selector,
      sha256(token.verifier),
      authTime,
      JSON.stringify(amr),
      acr ?? null,
      now,
      expiresAt,
    );
    if (changed !== 1) return undefined;
    return {
      session: { ...session, full: true, authTime, amr, acr, lastSeenAt: now, expiresAt },
      cookieValue: formatToken(token),
    };
  }

  /** Makes a user's other sessions with a single factor partial, because the user has a second factor now. */
  async demoteOthers(unit: Unit, userId: string, keepId: string): Promise<void> {
    await unit.change(sessionStatements.demote, userId, keepId);
  }

  /** The active session of a cookie value; undefined if it is unknown, forged, ended, expired or idle. */
  async find(cookieValue: string | undefined, now: EpochSeconds): Promise<Session | undefined> {
    const token = cookieValue === undefined ? undefined : parseToken(cookieValue);
    if (!token) return undefined;
    const row = await this.store.one<SessionRow>(sessionStatements.find, token.selector, now, this.idleLimit(now));
    if (!row || !equalInConstantTime(row.verifier_hash, sha256(token.verifier))) return undefined;
    if (row.last_seen_at <= now - coalesceSeconds) this.touch(row.selector, now);
    return toSession(row);
  }

  /** The active session with this id (the `sid` of ID tokens), in any browser. */
  async findById(id: string, now: EpochSeconds): Promise<Session | undefined> {
    const row = await this.store.one<SessionRow>(sessionStatements.findById, id, now, this.idleLimit(now));
    return row && toSession(row);
  }

  async listOf(userId: string, now: EpochSeconds): Promise<Session[]> {
    const rows = await this.store.all<SessionRow>(sessionStatements.ofUser, userId, now, this.idleLimit(now));
    return rows.map(toSession);
  }

  /** Active sessions, newest login first unless `order` is set. `before`: the cursor of the previous page. */
  async list(
    query: {
      readonly userId?: string | undefined;
      readonly before?: number | undefined;
      readonly order?: ListOrder | undefined;
      readonly limit: number;
    },
    now: EpochSeconds,
  ): Promise<{ readonly sessions: readonly Session[]; readonly next: number | undefined }> {
    const { userId, order = 'newest', limit } = query;
    const before = query.before ?? listStart[order];
    const idle = this.idleLimit(now);
    const rows =
      userId === undefined
        ? await this.store.all<SessionRow>(sessionStatements.list[order], before, now, idle, limit + 1)
        : await this.store.all<SessionRow>(sessionStatements.listOfUser[order], before, now, idle, limit + 1, userId);
    const page = rows.slice(0, limit);
    return { sessions: page.map(toSession), next: rows.length > limit ? page.at(-1)?.selector : undefined };
  }

  /** @returns the id of its user; undefined if it had ended already or does not exist */
  async end(unit: Unit, sessionId: string, now: EpochSeconds): Promise<string | undefined> {
    const ended = await unit.one<{ user_id: string }>(sessionStatements.end, sessionId, now);
    if (!ended) return undefined;
    const session = { id: sessionId, userId: ended.user_id };
    for (const listener of this.listeners) await listener.sessionEnded(unit, session, now);
    return ended.user_id;
  }

  /** The id of the session's user, read in this unit of work; undefined if it was ended. */
  async ownerOfOpen(unit: Unit, sessionId: string): Promise<string | undefined> {
    return (await unit.one<{ user_id: string }>(sessionStatements.ownerOfOpen, sessionId))?.user_id;
  }

  /** Ends all sessions of a user, except `keepId`. */
  async endAllOf(unit: Unit, userId: string, now: EpochSeconds, keepId?: string): Promise<number> {
    const rows = await unit.all<{ id: string }>(sessionStatements.idsOfUser, userId);
    let ended = 0;
    for (const { id } of rows) if (id !== keepId && (await this.end(unit, id, now)) !== undefined) ended++;
    return ended;
  }

  /** Lets sessions expire that were idle for so long: they stay expired when idle sessions may live longer again. */
  async expireIdle(unit: Unit, idleSeconds: number, now: EpochSeconds): Promise<void> {
    await unit.change(sessionStatements.expireIdle, now, now - idleSeconds);
  }

  /** Runs one step of the purge. */
  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<PurgeStep> {
    return this.sweeper.step(unit, now, this.idleLimit(now));
  }

  private idleLimit(now: EpochSeconds): number {
    return now - this.settings.current().sessionIdleLifetimeSeconds;
  }

  /** The last use is informational: it is written without delaying the response, and may be lost. */
  private touch(selector: number, now: EpochSeconds): void {
    void this.store.run((unit) => unit.change(sessionStatements.touch, selector, now)).catch(() => undefined);
  }
}

function toSession(row: SessionRow): Session {
  return {
    id: row.id,
    userId: row.user_id,
    full: row.is_full === 1,
    authTime: epochSeconds(row.auth_time),
    amr: JSON.parse(row.amr) as string[],
    acr: row.acr ?? undefined,
    createdAt: epochSeconds(row.created_at),
    lastSeenAt: epochSeconds(row.last_seen_at),
    expiresAt: epochSeconds(row.expires_at),
    userAgent: row.user_agent ?? undefined,
    address: row.address ?? undefined,
  };
}
