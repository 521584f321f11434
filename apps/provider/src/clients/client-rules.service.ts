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

/** What this server's settings demand of every client. */
@Injectable()
export class ClientRules {
  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  /** Checks a client's metadata, by the security profile of this server too. */
  check(draft: Parameters<typeof checkClientMetadata>[0]): ReturnType<typeof checkClientMetadata> {
    return checkClientMetadata(draft, this.settings);
  }

  /** A client as endpoints see it: held to its security profile, and to its limits. */
  effective(client: Client): Client {
    return withoutOwnedAdministration(restrictedClient(underProfile(client, this.settings.securityProfile)));
  }
}
