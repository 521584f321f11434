import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import {
  adminOnlyProblems,
  clientIdUrlProblem,
  hasAdministratorRights,
  isAdminScope,
  isClientIdUrl,
  isHostAllowed,
  isLoopbackHost,
  OAuthError,
  parseHostRules,
  withHardeningOf,
  type Client,
  type ClientDraft,
  type HostRules,
} from '@gatehouse/domain/oauth';
import { Store } from '@gatehouse/server/database/store';
import { Log } from '@gatehouse/server/telemetry/log';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { ResourcesService } from '../../resources/resources.service.js';
import { toRow } from '../client-row.js';
import { ClientRules } from '../client-rules.service.js';
import { ClientsService } from '../clients.service.js';
import { RegistrationLimits } from '../registration/registration-limits.service.js';
import { looksTheSame, Registrations } from '../registration/registrations.service.js';
import { refusal, registrableScopes, registrationDraft, type Json } from '../registration/registration-request.js';
import { SectorIdentifiers } from '../registration/sector-identifiers.service.js';
import type { Asker } from './asker.js';
import { DocumentFetches, type FetchedDocument } from './document-fetches.js';

/** What the methods of a document may be: there is no way to agree on a secret (draft 4.1). */
const documentMethods: readonly unknown[] = ['none', 'private_key_jwt'];
const mostKept = 10_000;
/** How long the stored client is served, counted from when its document was stale, while it cannot be fetched. */
const mostStaleSeconds = 24 * 3600;
/** At most once in this time does the log say that a client is served from a stale document. */
const staleLogSeconds = 300;

/** What this process knows of a document that it fetched. */
interface Kept {
  readonly freshUntil: EpochSeconds;
  loggedAt?: EpochSeconds;
  /** The document could still not be read when its time was over. */
  lapsed?: true;
}

/** Why a document is not there at present, by the reason of the error. */
const ownLimits: readonly string[] = ['client_document.rate', 'sector_identifier.rate'];
const unavailable: readonly string[] = ['client_document.unreadable', ...ownLimits];

/**
 * Clients that are described by a document at the address that is their `client_id`. They are rows as all others:
 * labelled until somebody approves them, counted, switched off, and gone when they are not used. The document is looked
 * at where a request begins, when what is kept is no longer fresh; a token request goes by what the request began with.
 * @see draft-ietf-oauth-client-id-metadata-document
 */
@Injectable()
export class MetadataDocuments {
  private readonly running = new Map<string, Promise<Client>>();
  /** Of this process alone: after a restart a stale document gets its time once more. */
  private readonly kept = new Map<string, Kept>();
  private readonly rules: HostRules;
  private readonly loopback: 'allowed' | 'refused';

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Store) private readonly store: Store,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ClientRules) private readonly clientRules: ClientRules,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(RegistrationLimits) private readonly limits: RegistrationLimits,
    @Inject(Registrations) private readonly registrations: Registrations,
    @Inject(SectorIdentifiers) private readonly sectors: SectorIdentifiers,
    @Inject(DocumentFetches) private readonly fetches: DocumentFetches,
    @Inject(Log) private readonly log: Log,
  ) {
    this.rules = parseHostRules(settings.clientMetadataHosts) ?? { allowed: [], blocked: [] };
    this.loopback = settings.issuer.startsWith('http:') ? 'allowed' : 'refused';
  }

  /**
   * The client of a request that begins, whatever its `client_id` is; undefined where there is none.
   * @throws OAuthError invalid_client, invalid_client_metadata or invalid_redirect_uri where its document will not do;
   *   temporarily_unavailable past a rate or the quota
   */
  async find(clientId: string, asker: Asker, now: EpochSeconds): Promise<Client | undefined> {
    if (!isClientIdUrl(clientId)) return this.clients.find(clientId);
    const { clientMetadataDocuments: mode } = this.settings;
    if (mode === 'off') return undefined;
    const problem = clientIdUrlProblem(clientId, { loopback: this.loopback });
    if (problem !== undefined) throw notThis(problem, 'client_document.url');
    if (!isHostAllowed(new URL(clientId).hostname, this.rules, mode))
      throw notThis('Clients of this host are not allowed here.', 'client_document.host');
    const known = await this.clients.find(clientId);
    // Whoever is banned stays so, whatever the document says.
    if (known && (known.disabledAt !== undefined || (this.kept.get(clientId)?.freshUntil ?? 0) > now)) return known;
    return this.lookUp(clientId, known, asker, now);
  }

  /** Requests that come while one looks the same document up wait for that one. */
  private async lookUp(clientId: string, known: Client | undefined, asker: Asker, now: EpochSeconds): Promise<Client> {
    for (;;) {
      const running = this.running.get(clientId);
      // Nothing is awaited from here until this lookup is set: of many requests at once, one looks the document up.
      if (!running) break;
      try {
        return await running;
      } catch (error) {
        // That request may have been past the limits of its own address, which are not those of this one.
        if (!(error instanceof OAuthError) || error.code !== 'temporarily_unavailable') throw error;
      }
    }
    const looked = this.look(clientId, known, asker, now).finally(() => {
      if (this.running.get(clientId) === looked) this.running.delete(clientId);
    });
    this.running.set(clientId, looked);
    return looked;
  }

  private async look(clientId: string, found: Client | undefined, asker: Asker, now: EpochSeconds): Promise<Client> {
    // As it is written, which is more than the protocol sees of a limited one.
    const known = found && (await this.clients.findFresh(clientId));
    const fetched = await this.fetch(clientId, known, asker, now);
    if ('stale' in fetched) return this.clientRules.asSeen(fetched.stale);
    try {
      const client = await this.keep(clientId, fetched.json, asker, now);
      this.remember(clientId, fetched.freshUntil);
      return this.clientRules.asSeen(client);
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      if (error.code !== 'temporarily_unavailable') this.fetches.refuse(clientId, error, now);
      const stored = known && ownLimits.includes(error.reason) ? await this.clients.findFresh(clientId) : undefined;
      if (!stored || !this.mayServeStale(clientId, error, now)) throw error;
      return this.clientRules.asSeen(stored);
    }
  }

  /** The document; or what is stored of a known client, while the document cannot be had. */
  private async fetch(
    clientId: string,
    known: Client | undefined,
    { addressKey }: Asker,
    now: EpochSeconds,
  ): Promise<FetchedDocument | { readonly stale: Client }> {
    try {
      if (!known) return await this.fetches.fetch(clientId, { kind: 'unknown', addressKey }, now);
      const kind = known.approvedAt === undefined ? 'known' : 'approved';
      return await this.fetches.fetch(clientId, { kind, addressKey }, now);
    } catch (error) {
      // A document that was read and is wrong speaks against the client; one that could not be read does not.
      if (!known || !(error instanceof OAuthError) || !unavailable.includes(error.reason)) throw error;
      if (!this.mayServeStale(clientId, error, now)) throw error;
      // As it is now: an administrator may have changed it while the document was waited for.
      return { stale: (await this.clients.findFresh(clientId)) ?? known };
    }
  }

  private mayServeStale(clientId: string, error: OAuthError, now: EpochSeconds): boolean {
    const kept = this.kept.get(clientId) ?? this.remember(clientId, now);
    // Our own limits say nothing about the document: an attacker can exhaust them, and must not disable a client by that.
    if (!ownLimits.includes(error.reason) && addSeconds(kept.freshUntil, mostStaleSeconds) <= now) kept.lapsed = true;
    if (kept.lapsed) return false;
    if (kept.loggedAt === undefined || addSeconds(kept.loggedAt, staleLogSeconds) <= now) {
      kept.loggedAt = now;
      const { host } = new URL(clientId);
      this.log.warn({ host, reason: error.reason }, "a client's metadata document is stale: the stored one is used");
    }
    return true;
  }

  private remember(clientId: string, freshUntil: EpochSeconds): Kept {
    const kept: Kept = { freshUntil };
    this.kept.delete(clientId);
    this.kept.set(clientId, kept);
    const [oldest] = this.kept.size > mostKept ? this.kept.keys() : [];
    if (oldest !== undefined) this.kept.delete(oldest);
    return kept;
  }

  private async keep(clientId: string, json: Json, asker: Asker, now: EpochSeconds): Promise<Client> {
    // Read after the fetch: an administrator may have banned the client or set its profile while the document loaded.
    const known = await this.clients.findFresh(clientId);
    if (known?.disabledAt !== undefined) return known;
    const draft = await this.draftOf(clientId, json, known);
    const checked = this.clientRules.check({ ...draft, id: clientId, createdAt: known?.createdAt ?? now });
    if ('problems' in checked) throw refusal(checked.problems);
    if (known && isSameRow(known, checked.client)) return known;
    if (known) await this.countUpdate(clientId, asker, now);
    const sector = await this.sectors.problem(draft, { addressKey: asker.addressKey, now });
    if (sector) throw refusal([sector]);
    if (known) return this.change(clientId, json, asker, now);
    return this.add(clientId, draft, asker, now);
  }

  /** @throws OAuthError temporarily_unavailable past the rate of the address that asks, or of the document's host */
  private async countUpdate(clientId: string, { addressKey }: Asker, now: EpochSeconds): Promise<void> {
    const attempt = { kind: 'document_update', addressKey, host: new URL(clientId).host } as const;
    const wait = await this.store.run((unit) => this.limits.count(unit, attempt, now));
    if (wait !== undefined) throw tooMany(wait);
  }

  private async add(clientId: string, draft: ClientDraft, asker: Asker, now: EpochSeconds): Promise<Client> {
    const { addressKey } = asker;
    const attempt = { kind: 'register', addressKey, redirectUris: [clientId] } as const;
    const wait = await this.store.run((unit) => this.limits.count(unit, attempt, now));
    if (wait !== undefined) throw tooMany(wait);
    try {
      return await this.store.run(async (unit) => {
        if (!(await this.limits.belowQuota(unit, addressKey, now))) throw tooMany(3600);
        const made = await this.clients.create(unit, draft, asker, now, clientId);
        if ('problems' in made) throw refusal(made.problems);
        await this.registrations.noteOrigin(unit, clientId, addressKey);
        return made.client;
      });
    } catch (error) {
      // Another request, or another process, was first with it.
      const made = error instanceof OAuthError ? undefined : await this.clients.findFresh(clientId);
      if (made) return made;
      throw error;
    }
  }

  /** By the row as it is now: an administrator may have changed it since it was read. */
  private async change(clientId: string, json: Json, asker: Asker, now: EpochSeconds): Promise<Client> {
    const seen = await this.clients.findFresh(clientId);
    const draft = await this.draftOf(clientId, json, seen);
    if (!seen) return this.add(clientId, draft, asker, now);
    // What administrators gave is in the row, as it is now; it was given to this name, these addresses and these scopes.
    const isSame = looksTheSame(seen, draft);
    const turned = adminOnlyProblems(draft, seen).length > 0 || !isSame;
    const complete: ClientDraft = {
      ...draft,
      ...(turned
        ? {
            consentRequired: true,
            actsForItself: false,
            tokenExchange: [],
            scope: draft.scope.filter((each) => !isAdminScope(each)),
          }
        : {}),
      securityProfile: seen.securityProfile,
      disabledAt: seen.disabledAt,
      // What an administrator looked at is as it was, or has to be looked at again.
      approvedAt: isSame ? seen.approvedAt : undefined,
    };
    const changed = await this.store.run((unit) => this.clients.update(unit, seen, complete, asker, now));
    if (changed === undefined || 'problems' in changed)
      throw new OAuthError('temporarily_unavailable', 'The client is being changed: try again.', {
        reason: 'client_document.changed',
      });
    return changed.client;
  }

  private async draftOf(clientId: string, json: Json, known: Client | undefined): Promise<ClientDraft> {
    // Compared as texts (draft 4.1), or one host's document could be another's client.
    if (json['client_id'] !== clientId)
      throw notThis("The client_id of the client's metadata document is another one.", 'client_document.client_id');
    if ('client_secret' in json || 'client_secret_expires_at' in json)
      throw notThis("A client's metadata document has no secret.", 'client_document.secret');
    const method = json['token_endpoint_auth_method'] ?? 'none';
    if (!documentMethods.includes(method))
      throw notThis(
        "A client's metadata document has the token_endpoint_auth_method none or private_key_jwt.",
        'client_document.method',
      );
    const { redirect_uris: uris } = json;
    const isNative = Array.isArray(uris) && uris.length > 0 && uris.every(isLoopbackUri);
    const draft = registrationDraft(
      // RFC 8252 7.3: an application on the person's machine has a port that nobody knows before.
      { ...(isNative ? { application_type: 'native' } : {}), ...json, token_endpoint_auth_method: method },
      { mayChooseProfile: false, pkce: this.settings.pkce, scopes: registrableScopes(await this.resources.all()) },
      known,
    );
    // An administrator may have set them, and the document cannot know of that: only an administrator lifts them.
    const isTrusted = known && (known.approvedAt !== undefined || hasAdministratorRights(known));
    return {
      ...(isTrusted ? withHardeningOf(known, draft) : draft),
      source: 'metadata_document',
      approvedAt: known && looksTheSame(known, draft) ? known.approvedAt : undefined,
    };
  }
}

/** Compared as they are stored: undefined members are left out of the row, and PostgreSQL orders those of JSON. */
function isSameRow(stored: Client, checked: Client): boolean {
  const written = (client: Client): unknown => JSON.parse(JSON.stringify(toRow(client)));
  return isDeepStrictEqual(written(stored), written(checked));
}

function isLoopbackUri(uri: unknown): boolean {
  if (typeof uri !== 'string' || !URL.canParse(uri)) return false;
  const { protocol, hostname } = new URL(uri);
  return protocol === 'http:' && isLoopbackHost(hostname);
}

function notThis(description: string, reason: string): OAuthError {
  return new OAuthError('invalid_client', description, { reason });
}

function tooMany(retryAfterSeconds: number): OAuthError {
  return new OAuthError('temporarily_unavailable', 'Too many new clients: try again later.', {
    reason: 'client_document.rate',
    status: 429,
    retryAfterSeconds,
  });
}
