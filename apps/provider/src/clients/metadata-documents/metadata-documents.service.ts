import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import {
  clientIdUrlProblem,
  isClientIdUrl,
  isHostAllowed,
  isLoopbackHost,
  keptByUpdate,
  OAuthError,
  parseHostRules,
  type Client,
  type ClientDraft,
  type HostRules,
} from '@gatehouse/domain/oauth';
import { Store } from '@gatehouse/server/database/store';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { ResourcesService } from '../../resources/resources.service.js';
import { adminOnlyProblems, isAdminScope } from '../client-form.js';
import { ClientRules } from '../client-rules.service.js';
import { ClientsService } from '../clients.service.js';
import { RegistrationLimits } from '../registration/registration-limits.service.js';
import { looksTheSame, Registrations } from '../registration/registrations.service.js';
import { refusal, registrableScopes, registrationDraft, type Json } from '../registration/registration-request.js';
import { SectorIdentifiers } from '../registration/sector-identifiers.service.js';
import type { Asker } from './asker.js';
import { DocumentFetches } from './document-fetches.js';

/** What the methods of a document may be: there is no way to agree on a secret (draft 4.1). */
const documentMethods: readonly unknown[] = ['none', 'private_key_jwt'];
const mostFresh = 10_000;

/**
 * Clients that are described by a document at the address that is their `client_id`. They are rows as all others:
 * labelled until somebody approves them, counted, switched off, and gone when they are not used. The document is looked
 * at where a request begins, when what is kept is no longer fresh; a token request goes by what the request began with.
 * @see draft-ietf-oauth-client-id-metadata-document
 */
@Injectable()
export class MetadataDocuments {
  private readonly running = new Map<string, Promise<Client>>();
  private readonly freshUntil = new Map<string, EpochSeconds>();
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
    if (known && (known.disabledAt !== undefined || (this.freshUntil.get(clientId) ?? 0) > now)) return known;
    // Whoever asks while one is looked at waits for that.
    const running = this.running.get(clientId);
    if (running) return running;
    const looked = this.look(clientId, known, asker, now).finally(() => this.running.delete(clientId));
    this.running.set(clientId, looked);
    return looked;
  }

  private async look(clientId: string, found: Client | undefined, asker: Asker, now: EpochSeconds): Promise<Client> {
    // As it is written, which is more than the protocol sees of a limited one.
    const known = found && (await this.clients.findFresh(clientId));
    const { json, freshUntil } = await this.fetches.fetch(clientId, now);
    try {
      const client = this.clientRules.asSeen(await this.keep(clientId, json, known, asker, now));
      this.freshUntil.delete(clientId);
      this.freshUntil.set(clientId, freshUntil);
      const [oldest] = this.freshUntil.size > mostFresh ? this.freshUntil.keys() : [];
      if (oldest !== undefined) this.freshUntil.delete(oldest);
      return client;
    } catch (error) {
      if (error instanceof OAuthError && error.code !== 'temporarily_unavailable')
        this.fetches.refuse(clientId, error, now);
      throw error;
    }
  }

  private async keep(
    clientId: string,
    json: Json,
    known: Client | undefined,
    asker: Asker,
    now: EpochSeconds,
  ): Promise<Client> {
    const draft = await this.draftOf(clientId, json, known);
    const checked = this.clientRules.check({ ...draft, id: clientId, createdAt: known?.createdAt ?? now });
    if ('problems' in checked) throw refusal(checked.problems);
    if (known && isDeepStrictEqual(known, checked.client)) return known;
    const sector = await this.sectors.problem(draft);
    if (sector) throw refusal([sector]);
    if (known) return this.change(clientId, draft, asker, now);
    return this.add(clientId, draft, asker, now);
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

  /** By the row as it is now: an administrator may have looked at it since it was read. */
  private async change(clientId: string, draft: ClientDraft, asker: Asker, now: EpochSeconds): Promise<Client> {
    const seen = await this.clients.findFresh(clientId);
    if (!seen) return this.add(clientId, draft, asker, now);
    // What administrators gave is in the row, as it is now; it was given to this name, these addresses and these scopes.
    const kept: ClientDraft = { ...draft, ...keptByUpdate(seen), source: 'metadata_document' };
    const turned = adminOnlyProblems(kept, seen).length > 0 || !looksTheSame(seen, draft);
    const complete: ClientDraft = {
      ...kept,
      ...(turned
        ? {
            consentRequired: true,
            actsForItself: false,
            tokenExchange: [],
            scope: kept.scope.filter((each) => !isAdminScope(each)),
          }
        : {}),
      disabledAt: seen.disabledAt,
      // What an administrator looked at is as it was, or has to be looked at again.
      approvedAt: looksTheSame(seen, draft) ? seen.approvedAt : undefined,
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
    return {
      ...draft,
      source: 'metadata_document',
      approvedAt: known && looksTheSame(known, draft) ? known.approvedAt : undefined,
    };
  }
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
