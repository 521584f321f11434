import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { clientHandover, type Client } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import { ClientsService } from './clients.service.js';
import { Registrations } from './registration/registrations.service.js';

/** What happened to replaced credentials, for the audit log; never their values. */
export interface ReplacedCredentials {
  readonly client_secret?: 'new';
  readonly registration_access_token?: 'ended';
}

/** Members whose change is recorded in the audit log without their values. */
export const credentialMembers = ['client_secret', 'registration_access_token'] as const;

/** Replaces or revokes credentials when a client changes (`clientHandover`). */
@Injectable()
export class ClientHandovers {
  constructor(
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(Registrations) private readonly registrations: Registrations,
  ) {}

  /**
   * Stores a changed client that was checked, and replaces credentials that a former holder must no longer use.
   * @param change before: as returned by `ClientsService.lock`
   * @returns the new secret, if one was created
   */
  async replace(
    unit: Unit,
    change: { readonly before: Client; readonly client: Client; readonly now: EpochSeconds },
  ): Promise<{ readonly secret: string | undefined; readonly replaced: ReplacedCredentials }> {
    const { before, client, now } = change;
    const handover = clientHandover(before, client);
    let secret = await this.clients.replace(unit, before, client, now);
    if (secret === undefined && handover.secret) secret = await this.clients.rotateSecret(unit, client, 0, now);
    const isTokenEnded = handover.registrationToken && (await this.registrations.endToken(unit, client.id));
    if (handover.ownTokens) await this.clients.endOwnTokens(unit, client.id, now);
    const { administrationScopes: scopes } = handover;
    if (scopes.length > 0) await this.clients.administrationChanged(unit, { clientId: client.id, scopes }, now);
    return {
      secret,
      replaced: {
        ...(secret === undefined ? {} : { client_secret: 'new' }),
        ...(isTokenEnded ? { registration_access_token: 'ended' } : {}),
      },
    };
  }
}
