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

/** The authentication methods that a document may use: a shared secret cannot be established (draft 4.1). */
const allowedMethods: readonly unknown[] = ['none', 'private_key_jwt'];
const maxDocuments = 10_000;
/** How long the stored client is used after its document became stale, while the document cannot be fetched. */
const maxStaleSeconds = 24 * 3600;
/** The use of a stale document is logged at most once in this time. */
const staleLogSeconds = 300;

/** The state of a document in this process. */
interface DocumentState {
  readonly freshUntil: EpochSeconds;
  loggedAt?: EpochSeconds;
  /** The document still could not be read after {@link maxStaleSeconds}. */
  lapsed?: true;
}

/** Error reasons for which the document is temporarily unavailable; `ownLimits` are limits of this server. */
const ownLimits: readonly string[] = ['client_document.rate', 'sector_identifier.rate'];
const unavailable: readonly string[] = ['client_document.unreadable', ...ownLimits];

/**
 * Resolves clients that are described by a metadata document at the URL that is their `client_id`. They are stored like
 * other clients: labelled until approved, limited by a quota, and deleted when unused. The document is fetched at the
 * first request of a flow, if the stored client is no longer fresh; token requests use the stored client.
 * @see draft-ietf-oauth-client-id-metadata-document
 */
@Injectable()
// eslint-disable-next-line local/max-injected-dependencies -- the steps from a document to a client (fetch, check, limit, store) are separate services
export class ClientResolver {
  private readonly running = new Map<string, Promise<Client>>();
  /** Per process: after a restart, a stale document gets its full time again. */
  private readonly documents = new Map<string, DocumentState>();
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
   * The client at the first request of a flow; undefined when there is none.
   * @throws OAuthError invalid_client, invalid_client_metadata or invalid_redirect_uri when its document is not valid;
   *   temporarily_unavailable over a rate limit or the quota
   */
  async resolve(clientId: string, requester: Requester, now: EpochSeconds): Promise<Client | undefined> {
    if (!isClientIdUrl(clientId)) return this.clients.find(clientId);
    const { clientMetadataDocuments: mode } = this.settings;
    if (mode === 'off') return undefined;
    const problem = clientIdUrlProblem(clientId, { loopback: this.loopback });
    if (problem !== undefined) throw invalidClient(problem, 'client_document.url');
    if (!isHostAllowed(new URL(clientId).hostname, this.rules, mode))
      throw invalidClient('Clients of this host are not allowed here.', 'client_document.host');
    const known = await this.clients.find(clientId);
    // A disabled client stays disabled, whatever its document contains.
    if (known && (known.disabledAt !== undefined || (this.documents.get(clientId)?.freshUntil ?? 0) > now))
      return known;
    return this.resolveOnce(clientId, known, requester, now);
  }

  /** Concurrent requests for the same document share one lookup. */
  private async resolveOnce(
    clientId: string,
    known: Client | undefined,
    requester: Requester,
    now: EpochSeconds,
  ): Promise<Client> {
    for (;;) {
      const running = this.running.get(clientId);
      // No await between this check and setting the lookup, so that only one concurrent request starts it.
      if (!running) break;
      try {
        return await running;
      } catch (error) {
        // The limits of the other request's address may have been exceeded; they do not apply to this one.
        if (!(error instanceof OAuthError) || error.code !== 'temporarily_unavailable') throw error;
      }
    }
    const lookup = this.resolveDocument(clientId, known, requester, now).finally(() => {
      if (this.running.get(clientId) === lookup) this.running.delete(clientId);
    });
    this.running.set(clientId, lookup);
    return lookup;
  }

  private async resolveDocument(
    clientId: string,
    found: Client | undefined,
    requester: Requester,
    now: EpochSeconds,
  ): Promise<Client> {
    // The stored client: the effective one omits what a restricted client may not use.
    const known = found && (await this.clients.findFresh(clientId));
    const fetched = await this.fetch(clientId, known, requester, now);
    if ('stale' in fetched) return this.clientRules.effective(fetched.stale);
    try {
      const client = await this.store(clientId, fetched.json, requester, now);
      this.recordFresh(clientId, fetched.freshUntil);
      return this.clientRules.effective(client);
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      if (error.code !== 'temporarily_unavailable') this.fetches.recordFailure(clientId, error, now);
      const stored = known && ownLimits.includes(error.reason) ? await this.clients.findFresh(clientId) : undefined;
      if (!stored || !this.mayServeStale(clientId, error, now)) throw error;
      return this.clientRules.effective(stored);
    }
  }

  /** The document; or the stored client, while the document is unavailable. */
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
      // An invalid document invalidates the client; an unavailable one does not.
      if (!known || !(error instanceof OAuthError) || !unavailable.includes(error.reason)) throw error;
      if (!this.mayServeStale(clientId, error, now)) throw error;
      // Read again: an administrator may have changed it during the fetch.
      return { stale: (await this.clients.findFresh(clientId)) ?? known };
    }
  }

  private mayServeStale(clientId: string, error: OAuthError, now: EpochSeconds): boolean {
    const state = this.documents.get(clientId) ?? this.recordFresh(clientId, now);
    // Exceeded limits of this server do not count: an attacker can exhaust them, and must not be able to disable a client.
    if (!ownLimits.includes(error.reason) && addSeconds(state.freshUntil, maxStaleSeconds) <= now) state.lapsed = true;
    if (state.lapsed) return false;
    if (state.loggedAt === undefined || addSeconds(state.loggedAt, staleLogSeconds) <= now) {
      state.loggedAt = now;
      const { host } = new URL(clientId);
      this.log.warn({ host, reason: error.reason }, "a client's metadata document is stale: using the stored client");
    }
    return true;
  }

  private recordFresh(clientId: string, freshUntil: EpochSeconds): DocumentState {
    const state: DocumentState = { freshUntil };
    this.documents.delete(clientId);
    this.documents.set(clientId, state);
    const [oldest] = this.documents.size > maxDocuments ? this.documents.keys() : [];
    if (oldest !== undefined) this.documents.delete(oldest);
    return state;
  }

  private async store(clientId: string, json: Json, requester: Requester, now: EpochSeconds): Promise<Client> {
    // Read after the fetch: an administrator may have disabled the client or set its profile in between.
    const known = await this.clients.findFresh(clientId);
    if (known?.disabledAt !== undefined) return known;
    const { address, addressKey, requestId } = requester;
    const actor = { kind: 'metadata-document', clientId, address, addressKey, requestId, now } as const;
    const properties = await this.inputOf(clientId, json, known);
    const checked = this.drafts.checkDocument(actor, properties, known);
    if ('problems' in checked) throw registrationProblem(checked.problems);
    if (known && isSameRow(known, checked.client)) return known;
    if (known) await this.limits.countDocument('update', actor);
    // Read again: an administrator may have changed the row since.
    const current = known && (await this.clients.findFresh(clientId));
    try {
      if (!current) return await this.add(actor, properties);
      const input = {
        id: clientId,
        properties: await this.inputOf(clientId, json, current),
        revision: revisionOf(current),
      };
      return (await this.operations.execute(UpdateClient, actor, input)).client;
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      throw registrationError(error) ?? clientChanged();
    }
  }

  private async add(actor: MetadataDocumentActor, properties: ClientInput): Promise<Client> {
    try {
      return (await this.operations.execute(RegisterClient, actor, { properties })).client;
    } catch (error) {
      // A concurrent request, possibly in another process, may have added it.
      const isRejected = error instanceof OAuthError || error instanceof OperationError;
      const added = isRejected ? undefined : await this.clients.findFresh(actor.clientId);
      if (added) return added;
      throw error;
    }
  }

  private async inputOf(clientId: string, json: Json, known: Client | undefined): Promise<ClientInput> {
    // Compared as strings (draft 4.1), or a document on one host could describe a client of another.
    if (json['client_id'] !== clientId)
      throw invalidClient(
        "The client_id of the client's metadata document is another one.",
        'client_document.client_id',
      );
    if ('client_secret' in json || 'client_secret_expires_at' in json)
      throw invalidClient("A client's metadata document has no secret.", 'client_document.secret');
    const method = json['token_endpoint_auth_method'] ?? 'none';
    if (!allowedMethods.includes(method))
      throw invalidClient(
        "A client's metadata document has the token_endpoint_auth_method none or private_key_jwt.",
        'client_document.method',
      );
    const { redirect_uris: uris } = json;
    const isNative = Array.isArray(uris) && uris.length > 0 && uris.every(isLoopbackUri);
    return registrationInput(
      // RFC 8252 7.3: the port of an application on the user's machine is not known in advance.
      { ...(isNative ? { application_type: 'native' } : {}), ...json, token_endpoint_auth_method: method },
      { mayChooseProfile: false, scopes: registrableScopes(await this.resources.all()) },
      known,
    );
  }
}

/** Compared as JSON, as stored: the row omits undefined members, and PostgreSQL reorders JSON members. */
function isSameRow(stored: Client, checked: Client): boolean {
  const serialized = (client: Client): unknown => JSON.parse(JSON.stringify(toRow(client)));
  return isDeepStrictEqual(serialized(stored), serialized(checked));
}

function isLoopbackUri(uri: unknown): boolean {
  if (typeof uri !== 'string' || !URL.canParse(uri)) return false;
  const { protocol, hostname } = new URL(uri);
  return protocol === 'http:' && isLoopbackHost(hostname);
}

function invalidClient(description: string, reason: string): OAuthError {
  return new OAuthError('invalid_client', description, { reason });
}

function clientChanged(): OAuthError {
  return new OAuthError('temporarily_unavailable', 'The client is being changed: try again.', {
    reason: 'client_document.changed',
  });
}
