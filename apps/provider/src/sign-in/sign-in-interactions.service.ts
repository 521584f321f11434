import { Inject, Injectable } from '@nestjs/common';
import type { PageOptions } from '@gatehouse/platform/http/reply';
import type { Client } from '@gatehouse/domain/oauth';
import { Store } from '@gatehouse/platform/database/store';
import type { ClientRequest } from '../protocol/authorization/declined-requests.service.js';
import { clientIdOf, type Interaction } from '../protocol/authorization/interaction.js';
import { Interactions } from '../protocol/authorization/interactions.service.js';
import { ClientsService } from '../clients/clients.service.js';
import { schemesOf } from '../web/form-action.js';
import { routes } from '../web/routes.js';
import type { RequestContext } from '../users/sessions/request-context.js';

/** An interaction as the sign-in pages show it. */
export interface SignInInteraction {
  readonly interaction: Interaction | undefined;
  readonly client: Client | undefined;
}

/** Interactions for the sign-in pages. */
@Injectable()
export class SignInInteractions {
  constructor(
    @Inject(Interactions) private readonly interactions: Interactions,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(Store) private readonly store: Store,
  ) {}

  async find(context: RequestContext, id: string | undefined): Promise<SignInInteraction> {
    const interaction = await this.interactions.find(id, context.browser.hash, context.now);
    const clientId = interaction && clientIdOf(interaction);
    return { interaction, client: clientId === undefined ? undefined : await this.clients.find(clientId) };
  }

  /** Records that the user chose the account that is signed in (`prompt=select_account`). @returns where to continue */
  async select(context: RequestContext, interaction: Interaction): Promise<string> {
    const owner = {
      browserHash: context.browser.hash,
      addressKey: context.addressKey,
      userId: context.session?.userId,
    };
    return resumeAddress(
      await this.store.run((unit) => this.interactions.advance(unit, interaction, 'selected', owner, context.now)),
    );
  }

  /** The interaction that a page without one offers to continue: one of this user, or a recent one of this browser. */
  async offered(context: RequestContext): Promise<{ href: string; clientName: string } | undefined> {
    const owner = { browserHash: context.browser.hash, userId: context.session?.userId };
    const offered = await this.interactions.findOffered(owner, context.now);
    const client = offered && (await this.clients.find(offered.clientId));
    return offered && client && { href: resumeAddress(offered.id), clientName: client.name };
  }

  /** Stops offering the interactions of this browser; their addresses still work. */
  async dismiss(context: RequestContext): Promise<void> {
    await this.store.run((unit) => this.interactions.dismissAll(unit, context.browser.hash, context.now));
  }
}

/** The request that a client waits for; undefined for an interaction that leads to a page of this server, or without one. */
export function clientRequestOf({ interaction, client }: SignInInteraction): ClientRequest | undefined {
  return interaction && interaction.kind !== 'address' && client ? { interaction, client } : undefined;
}

/** The address of the dispatcher, where every sign-in page ends. */
export function resumeAddress(id: string): string {
  return `${routes.authorize}/${encodeURIComponent(id)}`;
}

/**
 * Options of a page of this interaction: the languages that the client requests (`ui_locales`), and the schemes that the
 * response may redirect to, which the page of the form must allow (Content-Security-Policy form-action).
 */
export function pageOptionsOf(
  interaction: Interaction | undefined,
): Pick<PageOptions, 'formActionSchemes' | 'languages'> {
  if (interaction?.kind !== 'authorization') return { formActionSchemes: [] };
  return { formActionSchemes: schemesOf(interaction.request.redirectUri), languages: interaction.request.uiLocales };
}
