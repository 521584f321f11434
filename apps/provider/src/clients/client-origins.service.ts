import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { isDynamicallyRegistered, type Client } from '@gatehouse/domain/oauth';
import { text, type Text } from '../i18n/message.js';
import { ClientStates } from './client-states.service.js';
import { LogoutFailures } from './logout-failures.service.js';
import { InitialAccessTokens, settingTokenId } from './registration/initial-access-tokens.service.js';

/** Describes the origin and status of a client, for its page. */
@Injectable()
export class ClientOrigins {
  constructor(
    @Inject(ClientStates) private readonly states: ClientStates,
    @Inject(InitialAccessTokens) private readonly tokens: InitialAccessTokens,
    @Inject(LogoutFailures) private readonly logoutFailures: LogoutFailures,
  ) {}

  /** Who created it and when, whether it is approved, when it was last used, and whether its logouts are delivered. */
  async model(client: Client, now: EpochSeconds): Promise<object | undefined> {
    const origin = await this.states.origin(client.id);
    if (!origin) return undefined;
    const { source, createdAt, lastUsedAt, approvedAt, goesAt, registeredAddress } = origin;
    return {
      source: sources[source],
      createdAt,
      lastUsedAt,
      goesAt,
      registeredAddress,
      registeredWith: await this.tokenName(origin.registeredWith),
      approvedAt: isDynamicallyRegistered(source) ? approvedAt : undefined,
      unapproved: approvedAt === undefined,
      disabledAt: origin.disabledAt,
      restrictedAt: origin.restrictedAt,
      logoutFailure: await this.logoutFailures.find(client, now),
    };
  }

  private async tokenName(id: string | undefined): Promise<Text | undefined> {
    if (id === undefined) return undefined;
    if (id === settingTokenId) return text('clients.registeredWith.setting');
    const name = await this.tokens.name(id);
    return name === undefined
      ? text('clients.registeredWith.removed')
      : text('clients.registeredWith.token', { name: name || id });
  }
}

const sources = {
  admin: text('clients.source.admin'),
  developer: text('clients.source.developer'),
  registration: text('clients.source.registration'),
  metadata_document: text('clients.source.document'),
} as const;
