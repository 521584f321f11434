import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { clientHandover, type Client } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import { ClientsService } from './clients.service.js';
import { Registrations } from './registration/registrations.service.js';

/** Of credentials that a client has no more, for the audit log: what became of them, never their values. */
export interface ReplacedCredentials {
  readonly client_secret?: 'new';
  readonly registration_access_token?: 'ended';
}

/** Members of which the audit log says that they changed. */
export const credentialMembers = ['client_secret', 'registration_access_token'] as const;

/** Carries out what a change of a client does to its credentials (`clientHandover`). */
@Injectable()
export class ClientHandovers {
  constructor(
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(Registrations) private readonly registrations: Registrations,
  ) {}

  /**
   * Replaces a client by what it is after a change, which was checked, and its credentials where somebody has them who must
   * not have them any more.
   * @param change before: as `ClientsService.lock` gave it
   * @returns a new secret, where one was made
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
