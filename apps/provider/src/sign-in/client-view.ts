import type { Client } from '@gatehouse/domain/oauth';
import type { ClientLogos } from '../clients/client-logos.service.js';
import { monogramOf } from '../clients/monogram.js';

interface Link {
  readonly uri: string;
  /** The host that the link leads to: shown for unapproved clients, whose name may be misleading. */
  readonly host: string | undefined;
}

/** The client as the sign-in pages show it (OpenID Connect Registration 2). */
export interface ClientView {
  readonly clientName: string | undefined;
  readonly clientLogo: string | undefined;
  /** Replaces a logo that is missing or not trusted. */
  readonly clientMonogram: string | undefined;
  readonly policy: Link | undefined;
  readonly terms: Link | undefined;
}

export function clientView(client: Client | undefined, logos: ClientLogos): ClientView {
  const clientLogo = logos.addressOf(client);
  return {
    clientName: client?.name,
    clientLogo,
    clientMonogram: client && clientLogo === undefined ? monogramOf(client.name) : undefined,
    policy: linkOf(client, client?.policyUri),
    terms: linkOf(client, client?.tosUri),
  };
}

function linkOf(client: Client | undefined, uri: string | undefined): Link | undefined {
  if (!client || uri === undefined) return undefined;
  return { uri, host: client.approvedAt === undefined ? new URL(uri).host : undefined };
}
