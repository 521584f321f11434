import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { equalInConstantTime, addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { statement, Store, type Unit } from '@gatehouse/platform/database/store';
import { Keyring } from '@gatehouse/platform/secrets/keyring';

interface AnswerRow {
  readonly fingerprint: Buffer;
  readonly status: number;
  readonly answer_sealed: string;
}

const answerStatements = {
  find: statement(
    'idempotent_answers.find',
    'SELECT fingerprint, status, answer_sealed FROM idempotent_answers WHERE id = $1 AND expires_at > $2',
  ),
  forget: statement('idempotent_answers.forget', 'DELETE FROM idempotent_answers WHERE id = $1 AND expires_at <= $2'),
  insert: statement(
    'idempotent_answers.insert',
    `INSERT INTO idempotent_answers (id, fingerprint, status, answer_sealed, expires_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (id) DO NOTHING`,
  ),
  purge: statement('idempotent_answers.purge', 'DELETE FROM idempotent_answers WHERE expires_at <= $1'),
};

/** As long as a client may go on asking. */
const keptSeconds = 24 * 3600;

/** What a creation answered. */
export interface StoredResponse {
  /** Of the request's body, as {@link IdempotentResponses.fingerprintOf} makes it. */
  readonly fingerprint: Buffer;
  readonly status: number;
  readonly answer: string;
}

/** Keeps what creations answered, so that whoever asks again with the same key gets the same answer. */
@Injectable()
export class IdempotentResponses {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Keyring) private readonly keyring: Keyring,
  ) {}

  /** Keyed: a body may hold a password, which a reader of the database must not be able to guess from it. */
  fingerprintOf(body: Uint8Array): Buffer {
    const [fingerprint] = this.fingerprints(body);
    if (!fingerprint) throw new Error('there is no key');
    return fingerprint;
  }

  /** True when a kept answer is that of this body, by whichever of our keys. */
  isOf({ fingerprint }: StoredResponse, body: Uint8Array): boolean {
    return this.fingerprints(body).some((each) => equalInConstantTime(each, fingerprint));
  }

  private fingerprints(body: Uint8Array): Buffer[] {
    return this.keyring.derive('idempotent answers').map((key) => createHmac('sha256', key).update(body).digest());
  }

  async find(id: string, now: EpochSeconds): Promise<StoredResponse | undefined> {
    const row = await this.store.one<AnswerRow>(answerStatements.find, id, now);
    if (!row) return undefined;
    const { fingerprint, status } = row;
    return { fingerprint, status, answer: this.keyring.open(placeOf(id), row.answer_sealed).toString('utf8') };
  }

  /** In the unit of what was made. False when another one came first: then this unit must be undone. */
  async keep(unit: Unit, id: string, kept: StoredResponse, now: EpochSeconds): Promise<boolean> {
    await unit.change(answerStatements.forget, id, now);
    // It may hold a secret that is shown once.
    const sealed = this.keyring.seal(placeOf(id), kept.answer);
    const { fingerprint, status } = kept;
    const inserted = await unit.change(
      answerStatements.insert,
      id,
      fingerprint,
      status,
      sealed,
      addSeconds(now, keptSeconds),
    );
    return inserted === 1;
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    return unit.change(answerStatements.purge, now);
  }
}

function placeOf(id: string): string {
  return `idempotent_answers.answer_sealed:${id}`;
}
