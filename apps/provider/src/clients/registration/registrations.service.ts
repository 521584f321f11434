import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { equalInConstantTime, sha256, type EpochSeconds } from '@gatehouse/domain/kernel';
import { OAuthError, type Client } from '@gatehouse/domain/oauth';
import { statement, Store, type Unit } from '@gatehouse/platform/database/store';
import { ClientsService } from '../clients.service.js';
import { InitialAccessTokens } from './initial-access-tokens.service.js';
import { RegistrationLimits } from './registration-limits.service.js';

/** The origin of a dynamically registered client. */
export interface RegistrationNote {
  /** The source that the quota counts by. */
  readonly addressKey: string;
  /** Undefined for open registration and for a metadata document. */
  readonly initialTokenId: string | undefined;
  /** Undefined for a client with a metadata document. */
  readonly registrationToken: string | undefined;
}

const registrationStatements = {
  note: statement(
    'clients.note_registration',
    'UPDATE clients SET registered_address = $2, registered_with = $3, registration_token_hash = $4 WHERE id = $1',
  ),
  findHash: statement(
    'clients.registration_token',
    'SELECT registration_token_hash AS hash FROM clients WHERE id = $1',
  ),
  replaceToken: statement(
    'clients.replace_registration_token',
    'UPDATE clients SET registration_token_hash = $3 WHERE id = $1 AND registration_token_hash = $2',
  ),
  endToken: statement(
    'clients.end_registration_token',
    'UPDATE clients SET registration_token_hash = NULL WHERE id = $1 AND registration_token_hash IS NOT NULL',
  ),
};

/** Compared with when no hash is stored, so that both cases take the same time. */
const dummyHash = randomBytes(32);

/**
 * Owns the origins of registered clients, and their registration access tokens.
 * @see RFC 7592 3
 */
@Injectable()
export class Registrations {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(InitialAccessTokens) private readonly tokens: InitialAccessTokens,
    @Inject(RegistrationLimits) private readonly limits: RegistrationLimits,
  ) {}

  /**
   * The client whose registration access token this is; undefined for a wrong one, for a client that is gone, and for one
   * that was given to an owner.
   */
  async find(id: string, registrationToken: string): Promise<Client | undefined> {
    const client = await this.clients.findFresh(id);
    const row =
      client?.ownerId === undefined
        ? await this.store.one<{ hash: Buffer | null }>(registrationStatements.findHash, id)
        : undefined;
    return equalInConstantTime(row?.hash ?? dummyHash, sha256(registrationToken)) ? client : undefined;
  }

  /** Records the origin of a client, in the unit of work that adds it. */
  async note(unit: Unit, id: string, origin: RegistrationNote): Promise<void> {
    const { addressKey, initialTokenId, registrationToken } = origin;
    const hash = registrationToken === undefined ? null : Buffer.from(sha256(registrationToken));
    await unit.change(registrationStatements.note, id, addressKey, initialTokenId ?? null, hash);
  }

  /** False when a concurrent update replaced it. */
  async replaceToken(unit: Unit, id: string, oldToken: string, newToken: string): Promise<boolean> {
    const [before, after] = [oldToken, newToken].map((token) => Buffer.from(sha256(token)));
    return (await unit.change(registrationStatements.replaceToken, id, before ?? null, after ?? null)) === 1;
  }

  /** Revokes the registration access token of a client that now has another manager. @returns whether it had one */
  async endToken(unit: Unit, id: string): Promise<boolean> {
    return (await unit.change(registrationStatements.endToken, id)) === 1;
  }

  /** Deletes expired initial access tokens and counts. */
  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    return (await this.tokens.purgeExpired(unit, now)) + (await this.limits.purgeExpired(unit, now));
  }
}

export function invalidRegistrationToken(): OAuthError {
  return new OAuthError('invalid_token', 'The registration access token is wrong, or the client is gone.', {
    reason: 'registration.wrong_token',
  });
}
