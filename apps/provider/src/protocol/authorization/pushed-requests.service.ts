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
/** Of a client that proves nothing, or that nobody approved: anyone can push in its name, or make another one. */
const maxOfStranger = 5000;
const countForSeconds = 5;

/** True for a `request_uri` of the kind that is given here. */
export function isPushed(requestUri: string): boolean {
  return requestUri.startsWith(prefix);
}

/**
 * Owns pushed authorization requests: short-lived, of one client, used once. What a browser comes with becomes its kept
 * request in the same unit, so that the person may take as long over the login as with any other.
 */
@Injectable()
export class PushedRequests {
  private stored = { count: 0, at: 0 };
  private readonly sweeper = new Sweeper(pushedRequestStatements.purge);

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(Interactions) private readonly kept: Interactions,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** How soon the browser must come with what this client pushed. */
  lifetimeSeconds(client: Client): number {
    return Math.min(
      this.settings.pushedRequestLifetimeSeconds,
      securityProfile(client.securityProfile).maxPushedRequestLifetimeSeconds,
    );
  }

  /**
   * @param spend what else the request spends, in the same unit
   * @returns the `request_uri`
   * @throws OAuthError temporarily_unavailable when too many wait already
   */
  async push(
    content: AuthorizationInteraction,
    client: Client,
    now: EpochSeconds,
    spend: (unit: Unit) => void = () => undefined,
  ): Promise<string> {
    const token = { selector: this.selectors.next(), verifier: newSecret() };
    await this.store.run(async (unit) => {
      await this.checkRoom(unit, client, now);
      spend(unit);
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
   * What the client pushed, now kept for this browser. The same browser may load the address again until the client has
   * its answer (RFC 9126 4): a reload must not lose a login.
   * @throws OAuthError invalid_request_uri for one that is unknown, expired, used, or another client's; the kept
   *   mechanism's own bounds: temporarily_unavailable
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
    if (row.kept_selector !== null) return this.again(row.kept_selector as Selector, owner, now);
    const content = parseAuthorization(row.content);
    try {
      const id = await this.store.run(async (unit) => {
        const kept = await this.kept.keep(unit, content, owner, now);
        if (kept === undefined)
          throw new OAuthError('temporarily_unavailable', 'Too many logins wait here. Try again in a minute.', {
            reason: 'request.too_many',
          });
        unit.expectChange(pushedRequestStatements.use, token.selector, parseToken(kept)?.selector ?? 0);
        return kept;
      });
      return { ...content, id, progress: { createdAt: now } };
    } catch (error) {
      if (!(error instanceof ConcurrencyConflict)) throw error;
      // Another one was first: this browser's own, where its address was loaded twice at once.
      const used = await this.store.one<PushedRequestRow>(pushedRequestStatements.find, token.selector, now);
      return this.again((used?.kept_selector ?? 0) as Selector, owner, now);
    }
  }

  /** A step of the purge. */
  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<PurgeStep> {
    return this.sweeper.step(unit, now);
  }

  private async again(
    selector: Selector,
    owner: InteractionOwner,
    now: EpochSeconds,
  ): Promise<Interaction<AuthorizationInteraction>> {
    const kept = await this.kept.findUnanswered(selector, owner.browserHash, now);
    if (kept?.kind !== 'authorization') throw invalidUri('request_uri.used');
    return kept;
  }

  private async checkRoom(unit: Unit, client: Client, now: EpochSeconds): Promise<void> {
    if (now - this.stored.at >= countForSeconds) {
      const all = await unit.one<{ count: number }>(pushedRequestStatements.countAll);
      this.stored = { count: Number(all?.count ?? 0), at: now };
    }
    if (this.stored.count >= maxStored) throw full('par.full');
    if (client.type === 'confidential' && client.approvedAt !== undefined) return;
    const own = await unit.one<{ count: number }>(pushedRequestStatements.countOfClient, client.id, now, maxOfStranger);
    if (Number(own?.count ?? 0) >= maxOfStranger) throw full('par.full_of_client');
  }
}

function full(reason: string): OAuthError {
  return new OAuthError(
    'temporarily_unavailable',
    'Too many requests were pushed and not used. Try again in a minute.',
    {
      reason,
      retryAfterSeconds: 60,
    },
  );
}

function invalidUri(reason: string): OAuthError {
  // One sentence for all: which of them it was goes to the log.
  return new OAuthError(
    'invalid_request_uri',
    'The request_uri is unknown, expired, used already, or was given to another client.',
    { reason },
  );
}
