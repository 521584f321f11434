import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import {
  clientIdUrlProblem,
  isClientIdUrl,
  isHostAllowed,
  isLoopbackHost,
  OAuthError,
  parseHostRules,
  type Client,
  type ClientInput,
  type HostRules,
} from '@gatehouse/domain/oauth';
import { Log } from '@gatehouse/platform/telemetry/log';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { revisionOf } from '../../web/revision.js';
import type { MetadataDocumentActor } from '../../operations/actor.js';
import { OperationError } from '../../operations/operation-error.js';
import { Operations } from '../../operations/operations.js';
import { ResourcesService } from '../../resources/resources.service.js';
import { ClientDrafts } from '../client-drafts.service.js';
import { toRow } from '../client-row.js';
import { ClientRules } from '../client-rules.service.js';
import { ClientsService } from '../clients.service.js';
import { RegisterClient } from '../registration/operations/register-client.js';
import { UpdateClient } from '../operations/update-client.js';
import { RegistrationLimits } from '../registration/registration-limits.service.js';
import {
  registrationProblem,
  registrableScopes,
  registrationError,
  registrationInput,
  type Json,
} from '../registration/registration-request.js';
import type { Requester } from './requester.js';
import { DocumentFetches, type FetchedDocument } from './document-fetches.js';

/** What the methods of a document may be: there is no way to agree on a secret (draft 4.1). */
const documentMethods: readonly unknown[] = ['none', 'private_key_jwt'];
const maxKept = 10_000;
/** How long the stored client is served, counted from when its document was stale, while it cannot be fetched. */
const maxStaleSeconds = 24 * 3600;
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
// eslint-disable-next-line local/max-injected-dependencies -- the steps from a document to a client (fetch, check, limit, store) are services already
export class ClientResolver {
  private readonly running = new Map<string, Promise<Client>>();
  /** Of this process alone: after a restart a stale document gets its time once more. */
  private readonly kept = new Map<string, Kept>();
  private readonly rules: HostRules;
  private readonly loopback: 'allowed' | 'refused';

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Operations) private readonly operations: Operations,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ClientRules) private readonly clientRules: ClientRules,
    @Inject(ClientDrafts) private readonly drafts: ClientDrafts,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(RegistrationLimits) private readonly limits: RegistrationLimits,
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
  async resolve(clientId: string, asker: Requester, now: EpochSeconds): Promise<Client | undefined> {
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
  private async lookUp(
    clientId: string,
    known: Client | undefined,
    asker: Requester,
    now: EpochSeconds,
  ): Promise<Client> {
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

  private async look(
    clientId: string,
    found: Client | undefined,
    asker: Requester,
    now: EpochSeconds,
  ): Promise<Client> {
    // As it is written, which is more than the protocol sees of a limited one.
    const known = found && (await this.clients.findFresh(clientId));
    const fetched = await this.fetch(clientId, known, asker, now);
    if ('stale' in fetched) return this.clientRules.effective(fetched.stale);
    try {
      const client = await this.keep(clientId, fetched.json, asker, now);
      this.remember(clientId, fetched.freshUntil);
      return this.clientRules.effective(client);
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      if (error.code !== 'temporarily_unavailable') this.fetches.refuse(clientId, error, now);
      const stored = known && ownLimits.includes(error.reason) ? await this.clients.findFresh(clientId) : undefined;
      if (!stored || !this.mayServeStale(clientId, error, now)) throw error;
      return this.clientRules.effective(stored);
    }
  }

  /** The document; or what is stored of a known client, while the document cannot be had. */
  private async fetch(
    clientId: string,
    known: Client | undefined,
    { addressKey }: Requester,
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
    if (!ownLimits.includes(error.reason) && addSeconds(kept.freshUntil, maxStaleSeconds) <= now) kept.lapsed = true;
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
    const [oldest] = this.kept.size > maxKept ? this.kept.keys() : [];
    if (oldest !== undefined) this.kept.delete(oldest);
    return kept;
  }

  private async keep(clientId: string, json: Json, asker: Requester, now: EpochSeconds): Promise<Client> {
    // Read after the fetch: an administrator may have banned the client or set its profile while the document loaded.
    const known = await this.clients.findFresh(clientId);
    if (known?.disabledAt !== undefined) return known;
    const { address, addressKey, requestId } = asker;
    const actor = { kind: 'metadata-document', clientId, address, addressKey, requestId, now } as const;
    const properties = await this.inputOf(clientId, json, known);
    const judged = this.drafts.checkDocument(actor, properties, known);
    if ('problems' in judged) throw registrationProblem(judged.problems);
    if (known && isSameRow(known, judged.client)) return known;
    if (known) await this.limits.countDocument('update', actor);
    // By the row as it is now: an administrator may have changed it since it was read.
    const seen = known && (await this.clients.findFresh(clientId));
    try {
      if (!seen) return await this.add(actor, properties);
      const input = { id: clientId, properties: await this.inputOf(clientId, json, seen), revision: revisionOf(seen) };
      return (await this.operations.execute(UpdateClient, actor, input)).client;
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      throw registrationError(error) ?? changedMeanwhile();
    }
  }

  private async add(actor: MetadataDocumentActor, properties: ClientInput): Promise<Client> {
    try {
      return (await this.operations.execute(RegisterClient, actor, { properties })).client;
    } catch (error) {
      // Another request, or another process, was first with it.
      const isRefused = error instanceof OAuthError || error instanceof OperationError;
      const made = isRefused ? undefined : await this.clients.findFresh(actor.clientId);
      if (made) return made;
      throw error;
    }
  }

  private async inputOf(clientId: string, json: Json, known: Client | undefined): Promise<ClientInput> {
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
    return registrationInput(
      // RFC 8252 7.3: an application on the person's machine has a port that nobody knows before.
      { ...(isNative ? { application_type: 'native' } : {}), ...json, token_endpoint_auth_method: method },
      { mayChooseProfile: false, scopes: registrableScopes(await this.resources.all()) },
      known,
    );
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

function changedMeanwhile(): OAuthError {
  return new OAuthError('temporarily_unavailable', 'The client is being changed: try again.', {
    reason: 'client_document.changed',
  });
}
