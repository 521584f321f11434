import { statement, StoreUnavailable } from './store.js';

/** Settings that decide whether a commit survives a power failure. */
export interface DurabilitySettings {
  readonly fsync: string;
  readonly synchronous_commit: string;
}

/** What a new session would get: existing sessions keep the value with which they started. */
export const currentDurability = statement(
  'store.durability',
  `SELECT current_setting('fsync') AS fsync,
     (SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit') AS synchronous_commit`,
);

/**
 * Checks that the server reports commits only when they are on disk: otherwise issued tokens and codes could be lost.
 * @throws NotDurable
 */
export function checkDurability(settings: DurabilitySettings): void {
  if (settings.fsync === 'off') throw new NotDurable('fsync');
  if (settings.synchronous_commit === 'off') throw new NotDurable('synchronous_commit');
}

/** The server may lose commits that it has reported. */
export class NotDurable extends StoreUnavailable {
  constructor(setting: keyof DurabilitySettings) {
    super(
      `PostgreSQL runs with ${setting}=off and may lose commits that it has reported: set it to on, or add durability=unchecked to the database URL where the storage itself is durable`,
    );
    this.name = 'NotDurable';
  }
}
