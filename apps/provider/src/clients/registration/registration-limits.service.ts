import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { isLoopbackHost, OAuthError } from '@gatehouse/domain/oauth';
import { statement, Store, type Unit } from '@gatehouse/platform/database/store';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import type { MetadataDocumentActor, RegistrantActor } from '../../operations/actor.js';
import { undecidedCondition } from '../client-row.js';

const limitStatements = {
  count: statement(
    'registration_rates.count',
    `INSERT INTO registration_rates (bucket, window_started_at, registrations) VALUES ($1, $2, 1)
     ON CONFLICT (bucket) DO UPDATE SET
       registrations = CASE WHEN registration_rates.window_started_at <= $3 THEN 1
         ELSE registration_rates.registrations + 1 END,
       window_started_at = CASE WHEN registration_rates.window_started_at <= $3 THEN $2
         ELSE registration_rates.window_started_at END
     RETURNING registrations, window_started_at`,
  ),
  /** Locked until the unit of work ends, so that quota checks of one address run one after another. */
  lock: statement(
    'registration_rates.lock',
    `INSERT INTO registration_rates (bucket, window_started_at, registrations) VALUES ($1, $2, 0)
     ON CONFLICT (bucket) DO UPDATE SET window_started_at = $2`,
  ),
  unapproved: statement(
    'clients.unapproved',
    `SELECT COUNT(*) AS count FROM clients WHERE ${undecidedCondition} AND registered_address = $1`,
  ),
  purge: statement('registration_rates.purge', 'DELETE FROM registration_rates WHERE window_started_at <= $1'),
};

/** `Retry-After` when the quota is exhausted: until an administrator decides, or an unused client is deleted. */
const quotaRetrySeconds = 3600;

/** A counted registration or update. */
type RegistrationAttempt =
  | {
      readonly kind: 'register' | 'update';
      readonly addressKey: string;
      readonly redirectUris: readonly string[];
    }
  | { readonly kind: 'document_update'; readonly addressKey: string; readonly host: string };

/** Limits dynamic registrations: their rate, and the number of undecided clients. All processes share the counts. */
@Injectable()
export class RegistrationLimits {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Store) private readonly store: Store,
  ) {}

  /**
   * Counts a registration by its address and each redirect host, or an update by its address, before anything is fetched
   * or written for it. Loopback hosts are shared by all, and not counted.
   * @throws OAuthError temporarily_unavailable (429) over the rate limit
   */
  async countRegistration(
    kind: 'register' | 'update',
    { addressKey, now }: RegistrantActor,
    redirectUris: readonly string[],
  ): Promise<void> {
    const retryAfterSeconds = await this.count({ kind, addressKey, redirectUris }, now);
    if (retryAfterSeconds !== undefined)
      throw tooMany('Too many registrations: try again later.', retryAfterSeconds, 'registration.rate');
  }

  /**
   * Counts a metadata document: a new client by the address of the request, with the document's host as redirect host; an
   * update, which is not authenticated, also by both.
   * @throws OAuthError temporarily_unavailable (429) over the rate limit
   */
  async countDocument(kind: 'register' | 'update', actor: MetadataDocumentActor): Promise<void> {
    const { addressKey, clientId, now } = actor;
    const attempt: RegistrationAttempt =
      kind === 'register'
        ? { kind, addressKey, redirectUris: [clientId] }
        : { kind: 'document_update', addressKey, host: new URL(clientId).host };
    const retryAfterSeconds = await this.count(attempt, now);
    if (retryAfterSeconds !== undefined) throw tooManyDocuments(retryAfterSeconds);
  }

  /**
   * Checks, in the unit of work that adds a client, that the address may have another undecided one. Disabled and
   * restricted clients do not count: they are kept forever, and would exhaust the quota.
   * @throws OAuthError temporarily_unavailable (429) over the quota
   */
  async requireQuota(unit: Unit, { kind, addressKey, now }: RegistrantActor | MetadataDocumentActor): Promise<void> {
    await unit.change(limitStatements.lock, `q:${addressKey}`, now);
    const row = await unit.one<{ count: number | string }>(limitStatements.unapproved, addressKey);
    if (Number(row?.count ?? 0) < this.settings.registrationQuota) return;
    if (kind === 'metadata-document') throw tooManyDocuments(quotaRetrySeconds);
    throw tooMany('Too many clients from this address wait for approval.', quotaRetrySeconds, 'registration.quota');
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    return unit.change(limitStatements.purge, now - this.settings.registrationRate.seconds);
  }

  /** @returns after how many seconds to try again, or undefined when the attempt is allowed */
  private async count(attempt: RegistrationAttempt, now: EpochSeconds): Promise<number | undefined> {
    if (!this.settings.throttle) return undefined;
    const { count, seconds } = this.settings.registrationRate;
    // In a separate unit of work: a rejected registration counts too.
    return this.store.run(async (unit) => {
      for (const bucket of bucketsOf(attempt)) {
        const row = await unit.one<{ registrations: number; window_started_at: number }>(
          limitStatements.count,
          bucket,
          now,
          now - seconds,
        );
        if (row && row.registrations > count) return Math.max(1, row.window_started_at + seconds - now);
      }
      return undefined;
    });
  }
}

/** RFC 6585 4 */
function tooMany(description: string, retryAfterSeconds: number, reason: string): OAuthError {
  return new OAuthError('temporarily_unavailable', description, { status: 429, retryAfterSeconds, reason });
}

function tooManyDocuments(retryAfterSeconds: number): OAuthError {
  return tooMany('Too many new clients: try again later.', retryAfterSeconds, 'client_document.rate');
}

/** In a fixed order, so that two units of work do not deadlock. */
function bucketsOf(attempt: RegistrationAttempt): string[] {
  const { addressKey } = attempt;
  if (attempt.kind === 'update') return [`u:${addressKey}`];
  if (attempt.kind === 'document_update') return [`d:${addressKey}`, `dh:${attempt.host}`];
  return [`a:${addressKey}`, ...hostsOf(attempt.redirectUris).map((host) => `h:${host}`)];
}

function hostsOf(redirectUris: readonly string[]): string[] {
  const hosts = redirectUris.map((uri) => new URL(uri).hostname).filter((host) => host !== '' && !isLoopbackHost(host));
  return [...new Set(hosts)].sort();
}
