import { Inject, Injectable } from '@nestjs/common';
import {
  adminOnlyProblems,
  afterDocumentChange,
  clientDraft,
  givesServiceAccountToOwner,
  hasAdministratorRights,
  identityProblemsOfRegistrant,
  keepsApproval,
  keptKeyProblems,
  looseningProblems,
  OAuthError,
  settableInput,
  withHardeningOf,
  withoutEndedKeys,
  type Client,
  type ClientDraft,
  type ClientInput,
  type ClientSource,
  type FieldProblem,
} from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import type { Actor } from '../operations/actor.js';
import { rateLimited } from '../operations/operation-error.js';
import { text } from '../i18n/message.js';
import { UsersService } from '../users/users.service.js';
import { ClientRules } from './client-rules.service.js';
import { clientEditorOf } from './policy.js';
import { SectorIdentifiers, type SectorRequester } from './sector-identifiers.service.js';

const serviceAccountMessage =
  'This client is a service account, and its new owner would get its tokens. Send service_account (--service-account or --no-service-account) to say whether it stays one.';

/** The result of a sector identifier check, and the values that were checked. */
export interface SectorCheck {
  readonly checkedValues: string;
  readonly problem: FieldProblem | undefined;
}

/** A checked client, or its problems. */
export type DraftResult = { readonly client: Client } | { readonly problems: readonly FieldProblem[] };

/**
 * Builds and checks clients from pages, API, command line, registrations and metadata documents, within the rights of
 * the actor.
 */
@Injectable()
export class ClientDrafts {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(ClientRules) private readonly rules: ClientRules,
    @Inject(SectorIdentifiers) private readonly sectors: SectorIdentifiers,
    @Inject(UsersService) private readonly users: UsersService,
  ) {}

  /** Checks a new client. Its approval is decided by the operation that creates it. */
  checkNew(actor: Actor, properties: ClientInput, id: string): DraftResult {
    const source = sourceOf(actor);
    const input = settableInput(properties, clientEditorOf(actor));
    const owned = source === 'developer' && actor.kind === 'person' ? { ...input, ownerId: actor.userId } : input;
    const draft = clientDraft(owned, undefined, { source, ...this.defaults(actor) });
    const rights = clientEditorOf(actor) === 'owner' ? adminOnlyProblems(draft, undefined) : [];
    return this.checkRights(this.rules.check({ ...draft, id, createdAt: actor.now }), rights);
  }

  /** Checks a client after a change. */
  checkChange(actor: Actor, properties: ClientInput, before: Client): DraftResult {
    const draft = this.changed(actor, properties, before);
    const checked = this.rules.check({ ...draft, id: before.id, createdAt: before.createdAt });
    const rights = rightsProblems(actor, draft, before);
    if ('problems' in checked) return this.checkRights(checked, rights);
    const isUnstated = !Object.hasOwn(properties, 'serviceAccount') && givesServiceAccountToOwner(draft, before);
    return this.checkRights(checked, [
      ...rights,
      ...keptKeyProblems(before, checked.client),
      ...(isUnstated ? [{ field: 'serviceAccount', message: serviceAccountMessage }] : []),
    ]);
  }

  /** Checks the client that a metadata document describes; for a stored client, before the change revokes anything. */
  checkDocument(actor: Actor, properties: ClientInput, before: Client | undefined): DraftResult {
    if (before === undefined) return this.checkNew(actor, properties, '');
    const draft = hardened(this.draftOf(actor, properties, before), before);
    return this.rules.check({ ...draft, id: before.id, createdAt: before.createdAt });
  }

  /** Whether to fetch the sector identifier document: not again while the URIs that it lists are unchanged. */
  needsSectorCheck(actor: Actor, client: Client, before?: Client): boolean {
    if (client.sectorIdentifierUri === undefined) return false;
    const isSame =
      before?.sectorIdentifierUri === client.sectorIdentifierUri &&
      client.redirectUris.every((uri) => before.redirectUris.includes(uri));
    return isSelfRegistered(actor) || !isSame;
  }

  /**
   * Fetches and checks the sector identifier document. The caller checks first that the actor may cause a fetch.
   * @throws OAuthError temporarily_unavailable, or OperationError rate_limited for a user, when the rate limit is
   * exceeded; administrators have none
   */
  async checkSector(actor: Actor, client: Client): Promise<SectorCheck> {
    try {
      return { checkedValues: sectorValuesOf(client), problem: await this.sectors.problem(client, requesterOf(actor)) };
    } catch (error) {
      if (actor.kind === 'person' && error instanceof OAuthError) throw rateLimited(text('problem.sector.tooMany'));
      throw error;
    }
  }

  /** Whether the check was made for these values: another change may have been saved since. */
  isCheckFor(actor: Actor, check: SectorCheck | undefined, client: Client, before?: Client): boolean {
    return !this.needsSectorCheck(actor, client, before) || check?.checkedValues === sectorValuesOf(client);
  }

  /** A new owner must exist. */
  async ownerProblems(unit: Unit, client: Client, before?: Client): Promise<FieldProblem[]> {
    const { ownerId } = client;
    if (ownerId === undefined || ownerId === before?.ownerId || (await this.users.lockAndRead(unit, ownerId)))
      return [];
    return [{ field: 'ownerId', message: 'There is no user of this id.' }];
  }

  private changed(actor: Actor, properties: ClientInput, before: Client): ClientDraft {
    const draft = this.draftOf(actor, properties, before);
    switch (actor.kind) {
      case 'registrant':
        return { ...draft, approvedAt: keepsApproval(before, draft) ? before.approvedAt : undefined };
      case 'metadata-document':
        return afterDocumentChange(before, hardened(draft, before));
      default:
        return withoutEndedKeys(before, draft, (name) => Object.hasOwn(properties, name));
    }
  }

  private draftOf(actor: Actor, properties: ClientInput, before: Client): ClientDraft {
    const input = settableInput(properties, clientEditorOf(actor));
    return clientDraft(input, before, { ...before, ...this.defaults(actor) });
  }

  /** Dynamically registered clients require PKCE where this server requires it of all clients (GATEHOUSE_PKCE). */
  private defaults(actor: Actor): { readonly pkceByDefault: boolean } {
    return { pkceByDefault: !isSelfRegistered(actor) || this.settings.pkce === 'required' };
  }

  private checkRights(checked: DraftResult, rights: readonly FieldProblem[]): DraftResult {
    const problems = [...rights, ...('problems' in checked ? checked.problems : [])];
    return 'problems' in checked || problems.length > 0 ? { problems } : checked;
  }
}

/** Changes that the actor may not make. A metadata document is not rejected for them: see `afterDocumentChange`. */
function rightsProblems(actor: Actor, draft: ClientDraft, before: Client): FieldProblem[] {
  const editor = clientEditorOf(actor);
  if (editor === 'administrator' || editor === 'server' || actor.kind === 'metadata-document') return [];
  return [
    ...adminOnlyProblems(draft, before),
    ...(actor.kind === 'registrant' ? identityProblemsOfRegistrant(before, draft) : []),
    ...looseningProblems(before, draft),
  ];
}

/** Keeps restrictions that an administrator set: the document does not know them, and only an administrator may lift them. */
function hardened(draft: ClientDraft, before: Client): ClientDraft {
  const isTrusted = before.approvedAt !== undefined || hasAdministratorRights(before);
  return isTrusted ? withHardeningOf(before, draft) : draft;
}

function sourceOf(actor: Actor): ClientSource {
  switch (actor.kind) {
    case 'registrant':
      return 'registration';
    case 'metadata-document':
      return 'metadata_document';
    default:
      return clientEditorOf(actor) === 'owner' ? 'developer' : 'admin';
  }
}

/** The requester whose rate limit a fetch counts against; undefined for administrators, who have none. */
function requesterOf(actor: Actor): SectorRequester | undefined {
  if ('addressKey' in actor) return { addressKey: actor.addressKey, now: actor.now };
  const isOwner = actor.kind === 'person' && clientEditorOf(actor) === 'owner';
  return isOwner ? { addressKey: `user:${actor.userId}`, now: actor.now } : undefined;
}

function isSelfRegistered(actor: Actor): boolean {
  return actor.kind === 'registrant' || actor.kind === 'metadata-document';
}

function sectorValuesOf({ sectorIdentifierUri, redirectUris }: Client): string {
  return JSON.stringify([sectorIdentifierUri, redirectUris]);
}
