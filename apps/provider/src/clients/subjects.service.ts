import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Client } from '@gatehouse/domain/oauth';
import { pairwiseSubject, sectorOf } from '@gatehouse/domain/oidc';
import { Clock } from '@gatehouse/platform/clock';
import { statement, Store } from '@gatehouse/platform/database/store';
import { Keyring } from '@gatehouse/platform/secrets/keyring';

const name = 'pairwise';
const place = `server_secrets.value:${name}`;

const secretStatements = {
  find: statement('server_secrets.find', 'SELECT value_sealed FROM server_secrets WHERE name = $1'),
  /** Of two processes at once one makes it, and both take that. */
  insert: statement(
    'server_secrets.insert',
    'INSERT INTO server_secrets (name, value_sealed, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING',
  ),
};

/**
 * Says under which `sub` a client knows a person (OpenID Connect Core 8): the account's id, or one of the client's sector.
 *
 * The salt is made once and kept sealed in the database: GATEHOUSE_SECRET_KEY may be changed, and nobody may become
 * somebody else to a client by that.
 */
@Injectable()
export class Subjects {
  private salt: Promise<Buffer> | undefined;

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Keyring) private readonly keyring: Keyring,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** Answers at once where the client takes public subjects: the hot paths wait for nothing. */
  of(client: Client, userId: string): string | Promise<string> {
    return client.subjectType === 'pairwise' ? this.pairwise(client, userId) : userId;
  }

  private async pairwise(client: Client, userId: string): Promise<string> {
    this.salt ??= this.load().catch((error: unknown) => {
      this.salt = undefined;
      throw error;
    });
    return pairwiseSubject(await this.salt, sectorOf(client), userId);
  }

  private async load(): Promise<Buffer> {
    const known = await this.read();
    if (known) return known;
    const sealed = this.keyring.seal(place, randomBytes(32));
    await this.store.run((unit) => unit.change(secretStatements.insert, name, sealed, this.clock.now()));
    const made = await this.read();
    if (!made) throw new Error('the salt of pairwise subjects was not stored');
    return made;
  }

  private async read(): Promise<Buffer | undefined> {
    const row = await this.store.one<{ value_sealed: string }>(secretStatements.find, name);
    return row && this.keyring.open(place, row.value_sealed);
  }
}
