import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Client } from '@gatehouse/domain/oauth';
import { pairwiseSubject, sectorOf } from '@gatehouse/domain/oidc';
import { Clock } from '@gatehouse/platform/clock';
import { statement, Store } from '@gatehouse/platform/database/store';
import { Keyring } from '@gatehouse/platform/secrets/keyring';

const name = 'pairwise';
const associatedData = `server_secrets.value:${name}`;

const secretStatements = {
  find: statement('server_secrets.find', 'SELECT value_sealed FROM server_secrets WHERE name = $1'),
  /** Of two concurrent processes one creates it, and both use it. */
  insert: statement(
    'server_secrets.insert',
    'INSERT INTO server_secrets (name, value_sealed, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING',
  ),
};

/**
 * The `sub` of a user for a client (OpenID Connect Core 8): the account's id, or a pairwise one per sector.
 *
 * The salt is generated once and stored encrypted, not derived from GATEHOUSE_SECRET_KEY: rotating that key must not change
 * the subjects.
 */
@Injectable()
export class Subjects {
  private salt: Promise<Buffer> | undefined;

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Keyring) private readonly keyring: Keyring,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** Synchronous for public subjects, so that hot paths do not wait. */
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
    const existing = await this.read();
    if (existing) return existing;
    const sealed = this.keyring.seal(associatedData, randomBytes(32));
    await this.store.run((unit) => unit.change(secretStatements.insert, name, sealed, this.clock.now()));
    const stored = await this.read();
    if (!stored) throw new Error('the salt of pairwise subjects was not stored');
    return stored;
  }

  private async read(): Promise<Buffer | undefined> {
    const row = await this.store.one<{ value_sealed: string }>(secretStatements.find, name);
    return row && this.keyring.open(associatedData, row.value_sealed);
  }
}
