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
import { UnsealError, Keyring } from '@gatehouse/platform/secrets/keyring';
import { newSecret, SelectorSource } from '@gatehouse/platform/secrets/random';
import { flowLifetimeSeconds, type FlowContent, type FlowOrigin, type LoginFlow } from './login-flow.js';
import { SealedStates } from './sealed-states.js';

const maxPerBrowser = 20;
/** Logins that an address started in the last minute and did not complete; many users may share an address. */
const maxPerAddress = 120;
const addressWindowSeconds = 60;
const maxTotal = 20_000;

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
  countOfAddress: statement(
    'login_flows.of_address',
    'SELECT COUNT(*) AS n FROM login_flows WHERE address = $1 AND expires_at > $2 AND consumed_at IS NULL',
  ),
  total: statement('login_flows.together', 'SELECT COUNT(*) AS n FROM login_flows WHERE expires_at > $1'),
  /** Deletes the oldest logins of this browser; those of other browsers are kept. */
  deleteOldest: statement(
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

/**
 * Owns the logins in progress. `state` is a selector and a verifier: the selector finds the row, the verifier authenticates it.
 * When there are too many rows, `state` is the sealed login itself.
 */
@Injectable()
export class LoginFlows {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Keyring) private readonly keyring: Keyring,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(SealedStates) private readonly sealed: SealedStates,
  ) {}

  /** A new `state` and the selector of its row. */
  newState(): { readonly selector: number; readonly state: string; readonly verifierHash: Buffer } {
    const token = { selector: this.selectors.next(), verifier: newSecret() };
    return { selector: token.selector, state: formatToken(token), verifierHash: sha256(token.verifier) };
  }

  /** False when there are too many, of this address or in total: use {@link sealedState} instead. */
  async storeFlow(
    unit: Unit,
    state: ReturnType<LoginFlows['newState']>,
    origin: FlowOrigin,
    content: FlowContent,
    now: EpochSeconds,
  ): Promise<boolean> {
    const countOfAddress = await unit.one<{ n: number | string }>(
      statements.countOfAddress,
      origin.addressKey,
      addSeconds(now, flowLifetimeSeconds - addressWindowSeconds),
    );
    if (Number(countOfAddress?.n ?? 0) >= maxPerAddress) return false;
    const total = await unit.one<{ n: number | string }>(statements.total, now);
    if (Number(total?.n ?? 0) >= maxTotal) return false;
    await unit.change(statements.deleteOldest, origin.browserHash, maxPerBrowser - 1);
    const sealed = this.keyring.seal(associatedDataOf(state.selector), JSON.stringify(content));
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

  /** A `state` that needs no row. */
  sealedState(origin: FlowOrigin, content: FlowContent, now: EpochSeconds): string {
    return this.sealed.seal(origin, content, now);
  }

  /** The login of a `state` in the browser that started it; undefined for forged and expired ones and in another browser. */
  async find(state: string | undefined, browserHash: Buffer, now: EpochSeconds): Promise<LoginFlow | undefined> {
    if (state === undefined) return undefined;
    if (this.sealed.isSealed(state)) return this.sealed.open(state, browserHash, now);
    const token = parseToken(state);
    if (!token) return undefined;
    const row = await this.store.one<FlowRow>(statements.find, token.selector, now);
    if (!row || !equalInConstantTime(row.verifier_hash, sha256(token.verifier))) return undefined;
    if (!equalInConstantTime(row.browser_hash, browserHash)) return undefined;
    return this.open(row);
  }

  /** True for exactly one of several concurrent responses. */
  async consume(unit: Unit, flow: LoginFlow, now: EpochSeconds): Promise<boolean> {
    const { key } = flow;
    if ('nonce' in key) return this.sealed.consume(key, now);
    return (await unit.change(statements.consume, key.selector, now)) === 1;
  }

  async purgeExpired(unit: Unit, now: EpochSeconds, limit: number): Promise<number> {
    return unit.change(statements.purge, now, limit);
  }

  private open(row: FlowRow): LoginFlow | undefined {
    try {
      // Only this server can seal it, so its structure is known.
      const content = JSON.parse(
        this.keyring.open(associatedDataOf(row.selector), row.content_sealed).toString(),
      ) as FlowContent;
      const { selector, provider_id: providerId } = row;
      return { key: { selector }, providerId, consumed: row.consumed_at !== null, content };
    } catch (error) {
      if (error instanceof UnsealError) return undefined;
      throw error;
    }
  }
}

function associatedDataOf(selector: number): string {
  return `login_flows.content_sealed:${selector}`;
}
