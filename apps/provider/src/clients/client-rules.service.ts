import { Inject, Injectable } from '@nestjs/common';
import {
  checkClientMetadata,
  restrictedClient,
  underProfile,
  withoutOwnedAdministration,
  type Client,
} from '@gatehouse/domain/oauth';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';

/** The requirements that this server's settings place on every client. */
@Injectable()
export class ClientRules {
  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  /** Checks a client's metadata, including the security profile of this server. */
  check(draft: Parameters<typeof checkClientMetadata>[0]): ReturnType<typeof checkClientMetadata> {
    return checkClientMetadata(draft, this.settings);
  }

  /** A client as endpoints see it: with its security profile and restrictions applied. */
  effective(client: Client): Client {
    return withoutOwnedAdministration(restrictedClient(underProfile(client, this.settings.securityProfile)));
  }
}
