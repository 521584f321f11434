import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Store, statement, type Unit } from '@gatehouse/platform/database/store';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { issuerChangeWarning, issuerOfOlderDatabase } from './issuer-change.js';

const issuerStatements = {
  anyPasskey: statement('recorded_issuers.any_passkey', 'SELECT id FROM passkeys LIMIT 1'),
  find: statement('recorded_issuers.find', 'SELECT issuer FROM recorded_issuers WHERE id = 1'),
  /** The first start records it; of two concurrent starts, the first to commit. */
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

/** Knows the issuer with which the database was created, to warn if the settings have another one. */
@Injectable()
export class RecordedIssuer {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Store) private readonly store: Store,
  ) {}

  /** Records the issuer if none is recorded. Part of each start. */
  async record(now: EpochSeconds): Promise<void> {
    const issuer = await this.find();
    await this.store.run((unit) => unit.change(issuerStatements.record, issuer, now));
  }

  /** Replaces the recorded issuer by the issuer of the settings. */
  async accept(unit: Unit, now: EpochSeconds): Promise<void> {
    await unit.change(issuerStatements.replace, this.settings.issuer, now);
  }

  /** What a change of the issuer breaks, and what to do; undefined if it is unchanged. Read-only. */
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
