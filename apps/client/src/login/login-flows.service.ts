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
import { statement, Store, type Unit } from '@gatehouse/server/database/store';
import { CannotOpen, Keyring } from '@gatehouse/server/secrets/keyring';
import { newSecret, SelectorSource } from '@gatehouse/server/secrets/random';
import type { RecordedMessage } from '../flow/recorded-message.js';

export const flowLifetimeSeconds = 3600;
const mostPerBrowser = 20;
const mostPerAddress = 1000;
const mostTogether = 20_000;

/** What must come back unchanged, and what only this client may know. */
export interface FlowContent {
  readonly issuer: string;
  readonly clientId: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly next: string;
  readonly messages: readonly RecordedMessage[];
}

export interface LoginFlow {
  readonly selector: number;
  readonly providerId: string;
  readonly consumedAt: EpochSeconds | undefined;
  readonly content: FlowContent;
}

export interface FlowOrigin {
  readonly browserHash: Buffer;
  readonly addressKey: string;
  readonly providerId: string;
}

interface FlowRow {
  selector: number;
  verifier_hash: Buffer;
  browser_hash: Buffer;
  provider_id: string;
  content_sealed: string;
  consumed_at: number | null;
}

const statements = {
  insert: statement(
    'login_flows.insert',
    `INSERT INTO login_flows (selector, verifier_hash, browser_hash, address, provider_id, content_sealed, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
  ),
  ofAddress: statement(
    'login_flows.of_address',
    'SELECT COUNT(*) AS n FROM login_flows WHERE address = $1 AND expires_at > $2',
  ),
  together: statement('login_flows.together', 'SELECT COUNT(*) AS n FROM login_flows WHERE expires_at > $1'),
  /** The oldest of this browser make room; no other browser's row is touched. */
  makeRoom: statement(
    'login_flows.make_room',
    `DELETE FROM login_flows WHERE browser_hash = $1 AND selector NOT IN (
       SELECT selector FROM login_flows WHERE browser_hash = $1 ORDER BY selector DESC LIMIT $2)`,
  ),
  find: statement('login_flows.find', 'SELECT * FROM login_flows WHERE selector = $1 AND expires_at > $2'),
  consume: statement(
    'login_flows.consume',
    'UPDATE login_flows SET consumed_at = $2 WHERE selector = $1 AND consumed_at IS NULL',
  ),
  purge: statement(
    'login_flows.purge',
    'DELETE FROM login_flows WHERE selector IN (SELECT selector FROM login_flows WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)',
  ),
};

/** Owns the logins that were begun. `state` is a selector and a verifier: the row is found by one and proved by the other. */
@Injectable()
export class LoginFlows {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Keyring) private readonly keyring: Keyring,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
  ) {}

  /** A new `state`, and the number of its row. */
  newState(): { readonly selector: number; readonly state: string; readonly verifierHash: Buffer } {
    const token = { selector: this.selectors.next(), verifier: newSecret() };
    return { selector: token.selector, state: formatToken(token), verifierHash: sha256(token.verifier) };
  }

  /** False when there are too many: of this address, or of all together. */
  async keep(
    unit: Unit,
    state: ReturnType<LoginFlows['newState']>,
    origin: FlowOrigin,
    content: FlowContent,
    now: EpochSeconds,
  ): Promise<boolean> {
    const ofAddress = await unit.one<{ n: number | string }>(statements.ofAddress, origin.addressKey, now);
    if (Number(ofAddress?.n ?? 0) >= mostPerAddress) return false;
    const together = await unit.one<{ n: number | string }>(statements.together, now);
    if (Number(together?.n ?? 0) >= mostTogether) return false;
    await unit.change(statements.makeRoom, origin.browserHash, mostPerBrowser - 1);
    const sealed = this.keyring.seal(placeOf(state.selector), JSON.stringify(content));
    const { browserHash, addressKey, providerId } = origin;
    await unit.change(
      statements.insert,
      state.selector,
      state.verifierHash,
      browserHash,
      addressKey,
      providerId,
      sealed,
      now,
      addSeconds(now, flowLifetimeSeconds),
    );
    return true;
  }

  /** The login of a `state`, in the browser where it was begun; forged, expired and foreign ones look the same. */
  async find(state: string | undefined, browserHash: Buffer, now: EpochSeconds): Promise<LoginFlow | undefined> {
    const token = state === undefined ? undefined : parseToken(state);
    if (!token) return undefined;
    const row = await this.store.one<FlowRow>(statements.find, token.selector, now);
    if (!row || !equalInConstantTime(row.verifier_hash, sha256(token.verifier))) return undefined;
    if (!equalInConstantTime(row.browser_hash, browserHash)) return undefined;
    return this.open(row);
  }

  /** True for exactly one answer, however many come at once. */
  async consume(unit: Unit, flow: LoginFlow, now: EpochSeconds): Promise<boolean> {
    return (await unit.change(statements.consume, flow.selector, now)) === 1;
  }

  async purgeExpired(unit: Unit, now: EpochSeconds, limit: number): Promise<number> {
    return unit.change(statements.purge, now, limit);
  }

  private open(row: FlowRow): LoginFlow | undefined {
    try {
      // What opens was sealed by us: its shape is known.
      const content = JSON.parse(
        this.keyring.open(placeOf(row.selector), row.content_sealed).toString(),
      ) as FlowContent;
      const consumedAt = row.consumed_at === null ? undefined : epochSeconds(row.consumed_at);
      return { selector: row.selector, providerId: row.provider_id, consumedAt, content };
    } catch (error) {
      if (error instanceof CannotOpen) return undefined;
      throw error;
    }
  }
}

function placeOf(selector: number): string {
  return `login_flows.content_sealed:${selector}`;
}
