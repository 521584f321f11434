import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Store, statement, type Unit } from '@gatehouse/platform/database/store';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { issuerChangeWarning, issuerOfOlderDatabase } from './issuer-change.js';

const issuerStatements = {
  anyPasskey: statement('recorded_issuers.any_passkey', 'SELECT id FROM passkeys LIMIT 1'),
  find: statement('recorded_issuers.find', 'SELECT issuer FROM recorded_issuers WHERE id = 1'),
  /** The first start records it; of two at once, the first to commit. */
  record: statement(
    'recorded_issuers.record',
    `INSERT INTO recorded_issuers (id, issuer, recorded_at) VALUES (1, $1, $2)
     ON CONFLICT (id) DO UPDATE SET issuer = excluded.issuer, recorded_at = excluded.recorded_at
     WHERE recorded_issuers.issuer IS NULL`,
  ),
  replace: statement(
    'recorded_issuers.replace',
    `INSERT INTO recorded_issuers (id, issuer, recorded_at) VALUES (1, $1, $2)
     ON CONFLICT (id) DO UPDATE SET issuer = excluded.issuer, recorded_at = excluded.recorded_at`,
  ),
};

/** Knows the issuer that the database was made with, to warn where the settings name another one. */
@Injectable()
export class RecordedIssuer {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Store) private readonly store: Store,
  ) {}

  /** Records the issuer where none is recorded. Part of each start. */
  async record(now: EpochSeconds): Promise<void> {
    const issuer = await this.find();
    await this.store.run((unit) => unit.change(issuerStatements.record, issuer, now));
  }

  /** The database belongs to the issuer of the settings from now on. */
  async accept(unit: Unit, now: EpochSeconds): Promise<void> {
    await unit.change(issuerStatements.replace, this.settings.issuer, now);
  }

  /** What a changed issuer breaks, and what to do; undefined where it did not change. Writes nothing. */
  async warning(): Promise<string | undefined> {
    return issuerChangeWarning(await this.find(), this.settings.issuer);
  }

  private async find(): Promise<string> {
    const { issuer } = this.settings;
    const row = await this.store.one<{ issuer: string | null }>(issuerStatements.find);
    if (!row) return issuer;
    if (row.issuer !== null) return row.issuer;
    return issuerOfOlderDatabase(issuer, (await this.store.one(issuerStatements.anyPasskey)) !== undefined);
  }
}
