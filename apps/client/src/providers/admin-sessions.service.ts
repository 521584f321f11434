import { Inject, Injectable } from '@nestjs/common';
import {
  addSeconds,
  equalInConstantTime,
  formatToken,
  parseToken,
  sha256,
  type EpochSeconds,
} from '@gatehouse/domain/kernel';
import { statement, Store, type Unit } from '@gatehouse/platform/database/store';
import { newSecret, SelectorSource } from '@gatehouse/platform/secrets/random';
import { cookieName } from '@gatehouse/platform/http/browser-cookie';
import type { SetCookie } from '@gatehouse/platform/http/reply';
import { cookie, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../config/settings.token.js';
import type { ClientSettings } from '../config/settings.js';

const lifetimeSeconds = 3600;

const statements = {
  insert: statement(
    'admin_sessions.insert',
    'INSERT INTO admin_sessions (selector, verifier_hash, created_at, expires_at) VALUES ($1, $2, $3, $4)',
  ),
  find: statement(
    'admin_sessions.find',
    'SELECT verifier_hash FROM admin_sessions WHERE selector = $1 AND expires_at > $2',
  ),
  end: statement('admin_sessions.end', 'DELETE FROM admin_sessions WHERE selector = $1 AND verifier_hash = $2'),
  purge: statement('admin_sessions.purge', 'DELETE FROM admin_sessions WHERE expires_at <= $1'),
};

/** Owns the sessions of browsers in which the admin password was entered. They are valid for an hour. */
@Injectable()
export class AdminSessionsService {
  readonly cookieName: string;
  private readonly secure: boolean;

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(SETTINGS) settings: ClientSettings,
  ) {
    this.secure = settings.baseUrl.startsWith('https:');
    this.cookieName = cookieName('gatehouse_client_admin', this.secure);
  }

  async start(unit: Unit, now: EpochSeconds): Promise<SetCookie> {
    const token = { selector: this.selectors.next(), verifier: newSecret() };
    await unit.change(statements.insert, token.selector, sha256(token.verifier), now, addSeconds(now, lifetimeSeconds));
    return { name: this.cookieName, value: formatToken(token), secure: this.secure, maxAgeSeconds: lifetimeSeconds };
  }

  async isActive(request: WebRequest, now: EpochSeconds): Promise<boolean> {
    const token = this.tokenOf(request);
    if (!token) return false;
    const row = await this.store.one<{ verifier_hash: Buffer }>(statements.find, token.selector, now);
    return row !== undefined && equalInConstantTime(row.verifier_hash, sha256(token.verifier));
  }

  async end(unit: Unit, request: WebRequest): Promise<SetCookie> {
    const token = this.tokenOf(request);
    if (token) await unit.change(statements.end, token.selector, sha256(token.verifier));
    return { name: this.cookieName, value: '', secure: this.secure, maxAgeSeconds: 0 };
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    return unit.change(statements.purge, now);
  }

  private tokenOf(request: WebRequest): ReturnType<typeof parseToken> {
    const value = cookie(request, this.cookieName);
    return value === undefined ? undefined : parseToken(value);
  }
}
