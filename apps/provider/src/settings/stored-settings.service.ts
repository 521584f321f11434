import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Store, statement, type Unit } from '@gatehouse/platform/database/store';
import { Log } from '@gatehouse/platform/telemetry/log';
import { CurrentSettings } from './current-settings.js';
import { editableNames, type EditableName, type StoredTexts } from './editable-settings.js';
import { CacheVersions } from '../database/cache-versions.service.js';

interface Row {
  readonly name: string;
  readonly value: string;
}

const settingStatements = {
  all: statement('stored_settings.all', 'SELECT name, value FROM stored_settings'),
  set: statement(
    'stored_settings.set',
    `INSERT INTO stored_settings (name, value, updated_at) VALUES ($1, $2, $3)
     ON CONFLICT (name) DO UPDATE SET value = $2, updated_at = $3`,
  ),
  unset: statement('stored_settings.unset', 'DELETE FROM stored_settings WHERE name = $1'),
};

const retryMilliseconds = 500;

/**
 * Owns the settings in the database. Each process reads them when it starts and when they were changed, and passes them to
 * {@link CurrentSettings}; no request reads them.
 */
@Injectable()
export class StoredSettings implements OnModuleInit, OnApplicationShutdown {
  private isReading = false;
  private mustRead = false;
  private isEnded = false;

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(CacheVersions) private readonly versions: CacheVersions,
    @Inject(CurrentSettings) private readonly settings: CurrentSettings,
    @Inject(Log) private readonly log: Log,
  ) {}

  async onModuleInit(): Promise<void> {
    this.versions.onChange('settings', () => void this.refresh());
    this.settings.use(await this.read());
  }

  onApplicationShutdown(): void {
    this.isEnded = true;
  }

  async read(): Promise<StoredTexts> {
    return toTexts(await this.store.all<Row>(settingStatements.all));
  }

  /** Reads the settings, which no other unit of work changes until this one ends. */
  async lockAndRead(unit: Unit): Promise<StoredTexts> {
    // The changed version locks its row.
    await this.versions.bump(unit, 'settings');
    return toTexts(await unit.all<Row>(settingStatements.all));
  }

  /**
   * Changes settings after {@link lockAndRead}. This process uses them with the commit, the others within a second.
   * @param changes null: the environment or the default decides again
   */
  async change(
    unit: Unit,
    before: StoredTexts,
    changes: Readonly<Partial<Record<EditableName, string | null>>>,
    now: EpochSeconds,
  ): Promise<StoredTexts> {
    const after: Partial<Record<EditableName, string>> = { ...before };
    for (const name of editableNames) {
      const value = changes[name];
      if (value === undefined) continue;
      if (value === null) {
        delete after[name];
        await unit.change(settingStatements.unset, name);
      } else {
        after[name] = value;
        await unit.change(settingStatements.set, name, value, now);
      }
    }
    unit.afterCommit(() => this.settings.use(after));
    return after;
  }

  /** A change during a read results in one more; a failed read is repeated, because nobody else would notice the change. */
  private async refresh(): Promise<void> {
    this.mustRead = true;
    if (this.isReading) return;
    this.isReading = true;
    while (this.mustRead && !this.isEnded) {
      this.mustRead = false;
      try {
        this.settings.use(await this.read());
      } catch (error) {
        if (this.isEnded) break;
        this.log.warn({ err: error }, 'the changed settings could not be read; trying again');
        this.mustRead = true;
        await new Promise((resolve) => setTimeout(resolve, retryMilliseconds).unref());
      }
    }
    this.isReading = false;
  }
}

function toTexts(rows: readonly Row[]): StoredTexts {
  const texts: Partial<Record<EditableName, string>> = {};
  for (const name of editableNames) {
    const row = rows.find((each) => each.name === name);
    if (row) texts[name] = row.value;
  }
  return texts;
}
