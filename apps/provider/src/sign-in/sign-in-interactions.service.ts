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

/** A kept request as the pages of a login show it. */
export interface SignInInteraction {
  readonly kept: Interaction | undefined;
  readonly client: Client | undefined;
}

/** What the pages of a login know of the request that waits. */
@Injectable()
export class SignInInteractions {
  constructor(
    @Inject(Interactions) private readonly kept: Interactions,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(Store) private readonly store: Store,
  ) {}

  async find(context: RequestContext, id: string | undefined): Promise<SignInInteraction> {
    const kept = await this.kept.find(id, context.browser.hash, context.now);
    const clientId = kept && clientIdOf(kept);
    return { kept, client: clientId === undefined ? undefined : await this.clients.find(clientId) };
  }

  /** Notes that the person goes on with the account that is logged in (`prompt=select_account`), and gives the way on. */
  async select(context: RequestContext, kept: Interaction): Promise<string> {
    const owner = {
      browserHash: context.browser.hash,
      addressKey: context.addressKey,
      userId: context.session?.userId,
    };
    return resumeAddress(await this.store.run((unit) => this.kept.advance(unit, kept, 'selected', owner, context.now)));
  }

  /** A request of this person, or of this browser a short while ago, that can still go on: what an idle or lost page offers. */
  async offered(context: RequestContext): Promise<{ href: string; clientName: string } | undefined> {
    const owner = { browserHash: context.browser.hash, userId: context.session?.userId };
    const offered = await this.kept.findOffered(owner, context.now);
    const client = offered && (await this.clients.find(offered.clientId));
    return offered && client && { href: resumeAddress(offered.id), clientName: client.name };
  }

  /** Stops offering the requests that wait in this browser; they can still be continued by their address. */
  async dismiss(context: RequestContext): Promise<void> {
    await this.store.run((unit) => this.kept.dismissAll(unit, context.browser.hash, context.now));
  }
}

/** The request that a client waits for; undefined where an address of our own waits, or nothing does. */
export function clientRequestOf({ kept, client }: SignInInteraction): ClientRequest | undefined {
  return kept && kept.kind !== 'address' && client ? { kept, client } : undefined;
}

/** Where every page of a login ends. */
export function resumeAddress(id: string): string {
  return `${routes.authorize}/${encodeURIComponent(id)}`;
}

/**
 * What a page of this login is shown by: the languages that the client asked for (`ui_locales`), and the schemes that the
 * answer may redirect to, which the form's page must let through (Content-Security-Policy form-action).
 */
export function pageOptionsOf(kept: Interaction | undefined): Pick<PageOptions, 'formActionSchemes' | 'languages'> {
  if (kept?.kind !== 'authorization') return { formActionSchemes: [] };
  return { formActionSchemes: schemesOf(kept.request.redirectUri), languages: kept.request.uiLocales };
}
