import { Inject, Injectable } from '@nestjs/common';
import { epochSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { Store, statement, type Unit } from '@gatehouse/platform/database/store';
import { newId } from '@gatehouse/platform/secrets/random';

interface PasskeyRow {
  id: string;
  user_id: string;
  credential_id: string;
  public_key: Buffer;
  counter: number;
  transports: string;
  name: string;
  is_synced: number;
  created_at: number;
  last_used_at: number | null;
}

const passkeyStatements = {
  findByCredential: statement('passkeys.find_by_credential', 'SELECT * FROM passkeys WHERE credential_id = $1'),
  ofUser: statement('passkeys.of_user', 'SELECT * FROM passkeys WHERE user_id = $1 ORDER BY created_at, id'),
  count: statement('passkeys.count', 'SELECT COUNT(*) AS count FROM passkeys WHERE user_id = $1'),
  insert: statement(
    'passkeys.insert',
    `INSERT INTO passkeys (id, user_id, credential_id, public_key, counter, transports, name, is_synced, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (credential_id) DO NOTHING`,
  ),
  /** WebAuthn 7.2 step 22: a counter that does not increase indicates a cloned authenticator, unless it does not count at all. */
  use: statement(
    'passkeys.use',
    `UPDATE passkeys SET counter = $2, last_used_at = $3 WHERE id = $1 AND (counter < $2 OR (counter = 0 AND $2 = 0))`,
  ),
  findName: statement('passkeys.find_name', 'SELECT name FROM passkeys WHERE id = $1 AND user_id = $2'),
  rename: statement('passkeys.rename', 'UPDATE passkeys SET name = $3 WHERE id = $1 AND user_id = $2'),
  remove: statement('passkeys.remove', 'DELETE FROM passkeys WHERE id = $1 AND user_id = $2'),
  removeAll: statement('passkeys.remove_all', 'DELETE FROM passkeys WHERE user_id = $1'),
};

export const maxPasskeys = 20;
export const maxNameCharacters = 60;

export interface Passkey {
  readonly id: string;
  readonly userId: string;
  readonly credentialId: string;
  readonly publicKey: Buffer;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly name: string;
  readonly synced: boolean;
  readonly createdAt: EpochSeconds;
  readonly lastUsedAt: EpochSeconds | undefined;
}

export type NewPasskey = Pick<
  Passkey,
  'userId' | 'credentialId' | 'publicKey' | 'counter' | 'transports' | 'synced'
> & {
  readonly name: string;
};

/** Owns the WebAuthn credentials of users; a user may have several. */
@Injectable()
export class Passkeys {
  constructor(@Inject(Store) private readonly store: Store) {}

  async findByCredential(credentialId: string): Promise<Passkey | undefined> {
    const row = await this.store.one<PasskeyRow>(passkeyStatements.findByCredential, credentialId);
    return row && toPasskey(row);
  }

  async listOf(userId: string): Promise<readonly Passkey[]> {
    return (await this.store.all<PasskeyRow>(passkeyStatements.ofUser, userId)).map(toPasskey);
  }

  /** @returns the id; undefined if the credential is registered already, or the user has {@link maxPasskeys} */
  async add(unit: Unit, passkey: NewPasskey, now: EpochSeconds): Promise<string | undefined> {
    const row = await unit.one<{ count: number | string }>(passkeyStatements.count, passkey.userId);
    if (Number(row?.count ?? 0) >= maxPasskeys) return undefined;
    const id = newId();
    const added = await unit.change(
      passkeyStatements.insert,
      id,
      passkey.userId,
      passkey.credentialId,
      passkey.publicKey,
      passkey.counter,
      JSON.stringify(passkey.transports),
      passkey.name,
      passkey.synced ? 1 : 0,
      now,
    );
    return added === 1 ? id : undefined;
  }

  /** Records a use. False if the signature counter has not increased: the key was cloned, or used twice at once. */
  async use(unit: Unit, id: string, counter: number, now: EpochSeconds): Promise<boolean> {
    return (await unit.change(passkeyStatements.use, id, counter, now)) === 1;
  }

  async findName(unit: Unit, userId: string, id: string): Promise<string | undefined> {
    return (await unit.one<{ name: string }>(passkeyStatements.findName, id, userId))?.name;
  }

  async rename(unit: Unit, userId: string, id: string, name: string): Promise<boolean> {
    return (await unit.change(passkeyStatements.rename, id, userId, name)) === 1;
  }

  async remove(unit: Unit, userId: string, id: string): Promise<boolean> {
    return (await unit.change(passkeyStatements.remove, id, userId)) === 1;
  }

  async removeAllOf(unit: Unit, userId: string): Promise<number> {
    return unit.change(passkeyStatements.removeAll, userId);
  }
}

function toPasskey(row: PasskeyRow): Passkey {
  return {
    id: row.id,
    userId: row.user_id,
    credentialId: row.credential_id,
    publicKey: row.public_key,
    counter: row.counter,
    transports: JSON.parse(row.transports) as string[],
    name: row.name,
    synced: row.is_synced === 1,
    createdAt: epochSeconds(row.created_at),
    lastUsedAt: row.last_used_at === null ? undefined : epochSeconds(row.last_used_at),
  };
}
