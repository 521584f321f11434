import { Inject, Injectable } from '@nestjs/common';
import { cameByItself } from '@gatehouse/domain/oauth';
import { ClientStates } from './client-states.service.js';
import { InitialAccessTokens, settingTokenId } from './registration/initial-access-tokens.service.js';

/** Says where a client comes from, for its page. */
@Injectable()
export class ClientOrigins {
  constructor(
    @Inject(ClientStates) private readonly states: ClientStates,
    @Inject(InitialAccessTokens) private readonly tokens: InitialAccessTokens,
  ) {}

  /** Who made it and when, whether it is approved, and when it was used last. */
  async model(id: string): Promise<object | undefined> {
    const origin = await this.states.origin(id);
    if (!origin) return undefined;
    const { source, createdAt, lastUsedAt, approvedAt, goesAt, registeredAddress } = origin;
    return {
      source: sources[source],
      createdAt,
      lastUsedAt,
      goesAt,
      registeredAddress,
      registeredWith: await this.tokenName(origin.registeredWith),
      approvedAt: cameByItself(source) ? approvedAt : undefined,
      unapproved: approvedAt === undefined,
      disabledAt: origin.disabledAt,
      limitedAt: origin.limitedAt,
    };
  }

  private async tokenName(id: string | undefined): Promise<string | undefined> {
    if (id === undefined) return undefined;
    if (id === settingTokenId) return 'the initial access token of the settings';
    const name = await this.tokens.name(id);
    return name === undefined ? 'an initial access token that was removed' : `the initial access token ${name || id}`;
  }
}

const sources = {
  admin: 'an administrator',
  developer: 'a developer',
  registration: 'dynamic registration',
  metadata_document: 'the document at its client_id',
} as const;
