import { Inject, Injectable } from '@nestjs/common';
import { jwsAlgorithms, type JwsAlgorithm } from '@gatehouse/domain/jose';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Store, type Unit } from '@gatehouse/platform/database/store';
import { UnsealError, Keyring } from '@gatehouse/platform/secrets/keyring';
import { newId } from '@gatehouse/platform/secrets/random';
import { ProviderEntity } from './provider.entity.js';
import { maxProviders, defaultScope, type Provider } from './provider.js';

/** The editable properties of a provider. */
export interface ProviderDraft {
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly scope: readonly string[];
  readonly idTokenSignedResponseAlg?: JwsAlgorithm | undefined;
  /** Undefined: keeps the stored secret. `null`: no secret, a public client. */
  readonly clientSecret: string | null | undefined;
}

export interface ProviderSeed {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
}

const seededName = 'Gatehouse';

/** The seeded provider's client may request `roles`: administrators there may edit providers here. */
const seededScope: readonly string[] = [...defaultScope, 'roles'];

/** Owns the providers: no other code reads or writes their rows. */
@Injectable()
export class ProvidersService {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Keyring) private readonly keyring: Keyring,
  ) {}

  async list(): Promise<readonly Provider[]> {
    const rows = await this.store.reader
      .getRepository(ProviderEntity)
      .find({ order: { createdAt: 'ASC', id: 'ASC' }, take: maxProviders });
    return rows.map((row) => this.toProvider(row));
  }

  async find(id: string): Promise<Provider | undefined> {
    if (id.length > 64) return undefined;
    const row = await this.store.reader.getRepository(ProviderEntity).findOneBy({ id });
    return row ? this.toProvider(row) : undefined;
  }

  /** @returns the new provider's id; undefined when the maximum number is reached */
  async add(
    unit: Unit,
    draft: ProviderDraft,
    now: EpochSeconds,
    seeded: 'seeded' | 'by hand' = 'by hand',
  ): Promise<string | undefined> {
    const repository = unit.manager.getRepository(ProviderEntity);
    if ((await repository.count()) >= maxProviders) return undefined;
    const id = newId();
    await repository.insert({
      id,
      name: draft.name,
      issuer: draft.issuer,
      clientId: draft.clientId,
      clientSecretSealed: typeof draft.clientSecret === 'string' ? this.seal(id, draft.clientSecret) : null,
      scope: [...draft.scope],
      idTokenSignedResponseAlg: draft.idTokenSignedResponseAlg ?? null,
      isSeeded: seeded === 'seeded',
      createdAt: now,
      updatedAt: now,
    });
    return id;
  }

  /**
   * False when the provider was deleted, or when the secret should be kept but belongs to another issuer or client id. A seeded
   * provider with a changed issuer or client id is no longer updated from the settings, and its role is no longer accepted.
   */
  async update(unit: Unit, provider: Provider, draft: ProviderDraft, now: EpochSeconds): Promise<boolean> {
    const secret = draft.clientSecret;
    const result = await unit.manager.getRepository(ProviderEntity).update(
      // Keeping the secret requires the same registration, also with concurrent changes.
      secret === undefined ? { id: provider.id, issuer: draft.issuer, clientId: draft.clientId } : { id: provider.id },
      {
        name: draft.name,
        issuer: draft.issuer,
        clientId: draft.clientId,
        scope: [...draft.scope],
        idTokenSignedResponseAlg: draft.idTokenSignedResponseAlg ?? null,
        isSeeded: provider.seeded && provider.issuer === draft.issuer && provider.clientId === draft.clientId,
        updatedAt: now,
        ...(secret === undefined
          ? {}
          : { clientSecretSealed: secret === null ? null : this.seal(provider.id, secret) }),
      },
    );
    return result.affected === 1;
  }

  async remove(unit: Unit, id: string): Promise<boolean> {
    return (await unit.manager.getRepository(ProviderEntity).delete({ id })).affected === 1;
  }

  /** At startup: adds the provider of the settings if there is none, or updates the seeded one. */
  async seed(unit: Unit, seed: ProviderSeed, now: EpochSeconds): Promise<void> {
    const repository = unit.manager.getRepository(ProviderEntity);
    const row = await repository.findOneBy({ isSeeded: true });
    if (!row) {
      if ((await repository.count()) > 0) return;
      const { issuer, clientId, clientSecret = null } = seed;
      await this.add(unit, { name: seededName, issuer, clientId, clientSecret, scope: seededScope }, now, 'seeded');
      return;
    }
    const stored = this.toProvider(row);
    if (stored.issuer === seed.issuer && stored.clientId === seed.clientId && stored.clientSecret === seed.clientSecret)
      return;
    const clientSecretSealed = seed.clientSecret === undefined ? null : this.seal(row.id, seed.clientSecret);
    await repository.update(
      { id: row.id },
      { issuer: seed.issuer, clientId: seed.clientId, clientSecretSealed, updatedAt: now },
    );
  }

  private seal(id: string, secret: string): string {
    return this.keyring.seal(associatedDataOf(id), secret);
  }

  private toProvider(row: ProviderEntity): Provider {
    const { id, name, issuer, clientId, scope } = row;
    const idTokenSignedResponseAlg = jwsAlgorithms.find((each) => each === row.idTokenSignedResponseAlg);
    const clientSecret = this.secretOf(row);
    return { id, name, issuer, clientId, scope, idTokenSignedResponseAlg, seeded: row.isSeeded, clientSecret };
  }

  private secretOf(row: ProviderEntity): string | undefined {
    if (row.clientSecretSealed === null) return undefined;
    try {
      return this.keyring.open(associatedDataOf(row.id), row.clientSecretSealed).toString();
    } catch (error) {
      // The session secret was changed: login fails at the provider until the client secret is entered again.
      if (error instanceof UnsealError) return undefined;
      throw error;
    }
  }
}

function associatedDataOf(id: string): string {
  return `providers.client_secret_sealed:${id}`;
}
