import { Inject, Injectable } from '@nestjs/common';
import {
  addSeconds,
  epochSeconds,
  equalInConstantTime,
  formatToken,
  parseToken,
  sha256,
  type EpochSeconds,
  type Token,
} from '@gatehouse/domain/kernel';
import { Store, statement, type Unit } from '@gatehouse/platform/database/store';
import { newSecret, SelectorSource } from '@gatehouse/platform/secrets/random';
import { cookieName } from '@gatehouse/platform/http/browser-cookie';
import type { SetCookie } from '@gatehouse/platform/http/reply';
import { cookie, header, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { CurrentSettings } from '../../settings/current-settings.js';
import type { RequestContext } from '../sessions/request-context.js';

interface TrustedRow {
  selector: number;
  verifier_hash: Buffer;
  browser_hash: Buffer;
  user_agent: string | null;
  address: string | null;
  created_at: number;
  last_used_at: number;
  expires_at: number;
}

const columns = 'selector, verifier_hash, browser_hash, user_agent, address, created_at, last_used_at, expires_at';

const trustedStatements = {
  insert: statement(
    'trusted_browsers.insert',
    `INSERT INTO trusted_browsers (selector, verifier_hash, user_id, browser_hash, user_agent, address, created_at,
       last_used_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)`,
  ),
  find: statement(
    'trusted_browsers.find',
    `SELECT ${columns} FROM trusted_browsers
     WHERE selector = $1 AND user_id = $2 AND expires_at > $3 AND created_at > $4`,
  ),
  use: statement('trusted_browsers.use', 'UPDATE trusted_browsers SET last_used_at = $2 WHERE selector = $1'),
  ofUser: statement(
    'trusted_browsers.of_user',
    `SELECT ${columns} FROM trusted_browsers
     WHERE user_id = $1 AND expires_at > $2 AND created_at > $3 ORDER BY selector DESC`,
  ),
  end: statement('trusted_browsers.end', 'DELETE FROM trusted_browsers WHERE selector = $1 AND user_id = $2'),
  endOfBrowser: statement(
    'trusted_browsers.end_of_browser',
    'DELETE FROM trusted_browsers WHERE user_id = $1 AND browser_hash = $2',
  ),
  endOfUser: statement('trusted_browsers.end_of_user', 'DELETE FROM trusted_browsers WHERE user_id = $1'),
  trim: statement(
    'trusted_browsers.trim',
    `DELETE FROM trusted_browsers WHERE user_id = $1 AND selector <= (
       SELECT selector FROM trusted_browsers WHERE user_id = $1 ORDER BY selector DESC LIMIT 1 OFFSET $2)`,
  ),
  // Expired rows stay as they are.
  cap: statement(
    'trusted_browsers.cap',
    'UPDATE trusted_browsers SET expires_at = created_at + $1 WHERE expires_at > $2 AND expires_at > created_at + $1',
  ),
  purge: statement('trusted_browsers.purge', 'DELETE FROM trusted_browsers WHERE expires_at <= $1 OR created_at <= $2'),
};

/** Users who share one browser, and browsers of one user: the oldest entries are removed. */
const maxInCookie = 5;
const maxOfUser = 20;
const daySeconds = 24 * 3600;

export interface TrustedBrowser {
  readonly selector: number;
  readonly userAgent: string | undefined;
  readonly address: string | undefined;
  readonly createdAt: EpochSeconds;
  readonly lastUsedAt: EpochSeconds;
  readonly expiresAt: EpochSeconds;
  readonly isThisOne: boolean;
}

/**
 * Owns the browsers in which a user skips the second factor. Each has a separate cookie that is bound to the browser cookie
 * and stored as a hash. A change of the password or of a factor ends them.
 */
@Injectable()
export class TrustedBrowsers {
  private readonly secure: boolean;
  private readonly name: string;

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(SETTINGS) settings: Settings,
    @Inject(CurrentSettings) private readonly current: CurrentSettings,
  ) {
    this.secure = settings.issuer.startsWith('https:');
    this.name = cookieName('gatehouse_trusted', this.secure);
  }

  /** The durations to choose from, in days; the setting limits them. */
  get days(): readonly number[] {
    return [1, 7, 30, 90].filter((days) => days * daySeconds <= this.maxLifetimeSeconds);
  }

  private get maxLifetimeSeconds(): number {
    return this.current.current().trustedBrowserLifetimeSeconds;
  }

  /** True if this browser is trusted for this user. Part of the login's unit of work. */
  async use(unit: Unit, context: RequestContext, userId: string): Promise<boolean> {
    for (const token of this.read(context.request)) {
      const { now } = context;
      const row = await unit.one<TrustedRow>(trustedStatements.find, token.selector, userId, now, this.oldest(now));
      if (!row || !equalInConstantTime(row.verifier_hash, sha256(token.verifier))) continue;
      if (!equalInConstantTime(row.browser_hash, context.browser.hash)) continue;
      await unit.change(trustedStatements.use, row.selector, now);
      return true;
    }
    return false;
  }

  /** @param days one of {@link days}; anything else does nothing. @returns the cookie to set */
  async trust(unit: Unit, context: RequestContext, userId: string, days: number): Promise<SetCookie | undefined> {
    if (!this.days.includes(days)) return undefined;
    const token: Token = { selector: this.selectors.next(), verifier: newSecret() };
    const lifetimeSeconds = days * daySeconds;
    await unit.change(trustedStatements.endOfBrowser, userId, context.browser.hash);
    await unit.change(
      trustedStatements.insert,
      token.selector,
      sha256(token.verifier),
      userId,
      context.browser.hash,
      header(context.request, 'user-agent')?.slice(0, 300) ?? null,
      context.address,
      context.now,
      addSeconds(context.now, lifetimeSeconds),
    );
    await unit.change(trustedStatements.trim, userId, maxOfUser);
    const value = [token, ...this.read(context.request)].slice(0, maxInCookie).map(formatToken).join('~');
    return { name: this.name, value, secure: this.secure, maxAgeSeconds: Math.max(lifetimeSeconds, 90 * daySeconds) };
  }

  async listOf(context: RequestContext, userId: string): Promise<readonly TrustedBrowser[]> {
    const { now } = context;
    const rows = await this.store.all<TrustedRow>(trustedStatements.ofUser, userId, now, this.oldest(now));
    return rows.map((row) => ({
      selector: row.selector,
      userAgent: row.user_agent ?? undefined,
      address: row.address ?? undefined,
      createdAt: epochSeconds(row.created_at),
      lastUsedAt: epochSeconds(row.last_used_at),
      expiresAt: epochSeconds(Math.min(row.expires_at, row.created_at + this.maxLifetimeSeconds)),
      isThisOne: equalInConstantTime(row.browser_hash, context.browser.hash),
    }));
  }

  /** True if it was one of the user's trusted browsers. */
  async end(unit: Unit, userId: string, selector: number): Promise<boolean> {
    return (await unit.change(trustedStatements.end, selector, userId)) === 1;
  }

  async endAllOf(unit: Unit, userId: string): Promise<void> {
    await unit.change(trustedStatements.endOfUser, userId);
  }

  /** Ends the trust in browsers that is older than this lifetime, and shortens all other, for good. */
  async capLifetimes(unit: Unit, lifetimeSeconds: number, now: EpochSeconds): Promise<void> {
    await unit.change(trustedStatements.cap, lifetimeSeconds, now);
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    return unit.change(trustedStatements.purge, now, this.oldest(now));
  }

  /** Trust that was given earlier has expired: the environment may have become stricter since. */
  private oldest(now: EpochSeconds): number {
    return now - this.maxLifetimeSeconds;
  }

  private read(request: WebRequest): Token[] {
    return (cookie(request, this.name) ?? '')
      .slice(0, 400)
      .split('~')
      .slice(0, maxInCookie)
      .flatMap((text) => parseToken(text) ?? []);
  }
}
