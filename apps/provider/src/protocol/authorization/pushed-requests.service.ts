import { Inject, Injectable } from '@nestjs/common';
import {
  addSeconds,
  equalInConstantTime,
  formatToken,
  parseToken,
  sha256,
  type EpochSeconds,
  type Selector,
} from '@gatehouse/domain/kernel';
import { OAuthError, securityProfile, type Client } from '@gatehouse/domain/oauth';
import { ConcurrencyConflict, Store, type Unit } from '@gatehouse/platform/database/store';
import { newSecret, SelectorSource } from '@gatehouse/platform/secrets/random';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { Sweeper, type PurgeStep } from '../../database/sweep.js';
import { parseAuthorization, writeContent, type AuthorizationInteraction, type Interaction } from './interaction.js';
import { Interactions, type InteractionOwner } from './interactions.service.js';
import { pushedRequestStatements, type PushedRequestRow } from './pushed-request.statements.js';

/** RFC 9126 2.2 */
const prefix = 'urn:ietf:params:oauth:request_uri:';

const maxStored = 200_000;
/** For a public or unapproved client: anyone can push in its name, or register another one. */
const maxPerUnverifiedClient = 5000;
const countCacheSeconds = 5;

/** True for a `request_uri` that this endpoint issued. */
export function isPushed(requestUri: string): boolean {
  return requestUri.startsWith(prefix);
}

/**
 * Owns pushed authorization requests: short-lived, of one client, used once. The use creates an interaction of the browser
 * in the same unit of work, so that the user has as much time to sign in as with any other request.
 */
@Injectable()
export class PushedRequests {
  private stored = { count: 0, at: 0 };
  private readonly sweeper = new Sweeper(pushedRequestStatements.purge);

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(Interactions) private readonly interactions: Interactions,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** How long a browser may use a request that this client pushed. */
  lifetimeSeconds(client: Client): number {
    return Math.min(
      this.settings.pushedRequestLifetimeSeconds,
      securityProfile(client.securityProfile).maxPushedRequestLifetimeSeconds,
    );
  }

  /**
   * @param consume consumes other single-use credentials of the request, in the same unit of work
   * @returns the `request_uri`
   * @throws OAuthError temporarily_unavailable when too many pushed requests are waiting
   */
  async push(
    content: AuthorizationInteraction,
    client: Client,
    now: EpochSeconds,
    consume: (unit: Unit) => void = () => undefined,
  ): Promise<string> {
    const token = { selector: this.selectors.next(), verifier: newSecret() };
    await this.store.run(async (unit) => {
      await this.checkLimits(unit, client, now);
      consume(unit);
      unit.write(
        pushedRequestStatements.insert,
        token.selector,
        sha256(token.verifier),
        client.id,
        writeContent(content),
        now,
        addSeconds(now, this.lifetimeSeconds(client)),
      );
    });
    this.stored.count++;
    return prefix + formatToken(token);
  }

  /**
   * Turns the pushed request into an interaction of this browser. The same browser may load the URL again until the client
   * has received its response (RFC 9126 4): a reload must not lose a sign-in.
   * @throws OAuthError invalid_request_uri for one that is unknown, expired, used, or of another client;
   *   temporarily_unavailable above the limits of interactions
   */
  async use(
    requestUri: string,
    client: Client,
    owner: InteractionOwner,
    now: EpochSeconds,
  ): Promise<Interaction<AuthorizationInteraction>> {
    const token = parseToken(requestUri.slice(prefix.length));
    const row = token && (await this.store.one<PushedRequestRow>(pushedRequestStatements.find, token.selector, now));
    if (!token || !row || !equalInConstantTime(row.verifier_hash, sha256(token.verifier)))
      throw invalidUri('request_uri.unknown');
    if (row.client_id !== client.id) throw invalidUri('request_uri.other_client');
    if (row.kept_selector !== null) return this.reload(row.kept_selector as Selector, owner, now);
    const content = parseAuthorization(row.content);
    try {
      const id = await this.store.run(async (unit) => {
        const interactionId = await this.interactions.create(unit, content, owner, now);
        if (interactionId === undefined)
          throw new OAuthError('temporarily_unavailable', 'Too many sign-ins are waiting. Try again in a minute.', {
            reason: 'request.too_many',
          });
        unit.expectChange(pushedRequestStatements.use, token.selector, parseToken(interactionId)?.selector ?? 0);
        return interactionId;
      });
      return { ...content, id, progress: { createdAt: now } };
    } catch (error) {
      if (!(error instanceof ConcurrencyConflict)) throw error;
      // Another request was first: one of the same browser if it loaded the URL twice at once.
      const used = await this.store.one<PushedRequestRow>(pushedRequestStatements.find, token.selector, now);
      return this.reload((used?.kept_selector ?? 0) as Selector, owner, now);
    }
  }

  /** A step of the purge. */
  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<PurgeStep> {
    return this.sweeper.step(unit, now);
  }

  private async reload(
    selector: Selector,
    owner: InteractionOwner,
    now: EpochSeconds,
  ): Promise<Interaction<AuthorizationInteraction>> {
    const interaction = await this.interactions.findOpen(selector, owner.browserHash, now);
    if (interaction?.kind !== 'authorization') throw invalidUri('request_uri.used');
    return interaction;
  }

  private async checkLimits(unit: Unit, client: Client, now: EpochSeconds): Promise<void> {
    if (now - this.stored.at >= countCacheSeconds) {
      const all = await unit.one<{ count: number }>(pushedRequestStatements.countAll);
      this.stored = { count: Number(all?.count ?? 0), at: now };
    }
    if (this.stored.count >= maxStored) throw tooManyPushed('par.full');
    if (client.type === 'confidential' && client.approvedAt !== undefined) return;
    const own = await unit.one<{ count: number }>(
      pushedRequestStatements.countOfClient,
      client.id,
      now,
      maxPerUnverifiedClient,
    );
    if (Number(own?.count ?? 0) >= maxPerUnverifiedClient) throw tooManyPushed('par.full_of_client');
  }
}

function tooManyPushed(reason: string): OAuthError {
  return new OAuthError('temporarily_unavailable', 'Too many pushed requests are waiting. Try again in a minute.', {
    reason,
    retryAfterSeconds: 60,
  });
}

function invalidUri(reason: string): OAuthError {
  // One description for all cases: the reason is only logged.
  return new OAuthError(
    'invalid_request_uri',
    'The request_uri is unknown, expired, already used, or was issued to another client.',
    { reason },
  );
}
