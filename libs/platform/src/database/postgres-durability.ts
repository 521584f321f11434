import { statement, StoreUnavailable } from './store.js';

/** The settings that decide whether a commit survives a power failure. */
export interface DurabilitySettings {
  readonly fsync: string;
  readonly synchronous_commit: string;
}

/** What a session that begins now would get: ours keep the value that they began with. */
export const currentDurability = statement(
  'store.durability',
  `SELECT current_setting('fsync') AS fsync,
     (SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit') AS synchronous_commit`,
);

/**
 * Refuses a server that reports commits before they are on disk: what a client was told would be lost.
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
