import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { equalInConstantTime, addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { statement, Store, type Unit } from '@gatehouse/platform/database/store';
import { Keyring } from '@gatehouse/platform/secrets/keyring';

interface ResponseRow {
  readonly fingerprint: Buffer;
  readonly status: number;
  readonly answer_sealed: string;
}

const responseStatements = {
  find: statement(
    'idempotent_answers.find',
    'SELECT fingerprint, status, answer_sealed FROM idempotent_answers WHERE id = $1 AND expires_at > $2',
  ),
  deleteExpired: statement(
    'idempotent_answers.forget',
    'DELETE FROM idempotent_answers WHERE id = $1 AND expires_at <= $2',
  ),
  insert: statement(
    'idempotent_answers.insert',
    `INSERT INTO idempotent_answers (id, fingerprint, status, answer_sealed, expires_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (id) DO NOTHING`,
  ),
  purge: statement('idempotent_answers.purge', 'DELETE FROM idempotent_answers WHERE expires_at <= $1'),
};

/** How long a client may repeat a request. */
const lifetimeSeconds = 24 * 3600;

/** The response to a creation. */
export interface StoredResponse {
  /** Fingerprint of the request body, see {@link IdempotentResponses.fingerprintOf}. */
  readonly fingerprint: Buffer;
  readonly status: number;
  readonly answer: string;
}

/** Stores responses to creations, so that a repeated request with the same idempotency key gets the same response. */
@Injectable()
export class IdempotentResponses {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Keyring) private readonly keyring: Keyring,
  ) {}

  /** Keyed, so that a reader of the database cannot guess a password in the body from its fingerprint. */
  fingerprintOf(body: Uint8Array): Buffer {
    const [fingerprint] = this.fingerprints(body);
    if (!fingerprint) throw new Error('there is no key for idempotent responses');
    return fingerprint;
  }

  /** True when a stored response belongs to this body, under any key of the keyring. */
  isOf({ fingerprint }: StoredResponse, body: Uint8Array): boolean {
    return this.fingerprints(body).some((each) => equalInConstantTime(each, fingerprint));
  }

  private fingerprints(body: Uint8Array): Buffer[] {
    return this.keyring.derive('idempotent answers').map((key) => createHmac('sha256', key).update(body).digest());
  }

  async find(id: string, now: EpochSeconds): Promise<StoredResponse | undefined> {
    const row = await this.store.one<ResponseRow>(responseStatements.find, id, now);
    if (!row) return undefined;
    const { fingerprint, status } = row;
    return { fingerprint, status, answer: this.keyring.open(associatedDataOf(id), row.answer_sealed).toString('utf8') };
  }

  /** Stores a response in the unit of work of the creation. False when another request was first: then this unit must be rolled back. */
  async keep(unit: Unit, id: string, response: StoredResponse, now: EpochSeconds): Promise<boolean> {
    await unit.change(responseStatements.deleteExpired, id, now);
    // It may contain a secret that is shown once.
    const sealed = this.keyring.seal(associatedDataOf(id), response.answer);
    const { fingerprint, status } = response;
    const inserted = await unit.change(
      responseStatements.insert,
      id,
      fingerprint,
      status,
      sealed,
      addSeconds(now, lifetimeSeconds),
    );
    return inserted === 1;
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    return unit.change(responseStatements.purge, now);
  }
}

function associatedDataOf(id: string): string {
  return `idempotent_answers.answer_sealed:${id}`;
}
