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
  /** Held until the unit ends: those who count the clients of one address do it one after another. */
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

/** How long who is past the quota is told to wait: until an administrator decides, or a client goes unused. */
const quotaRetrySeconds = 3600;

/** What is counted. */
type RegistrationAttempt =
  | {
      readonly kind: 'register' | 'update';
      readonly addressKey: string;
      readonly redirectUris: readonly string[];
    }
  | { readonly kind: 'document_update'; readonly addressKey: string; readonly host: string };

/** Owns how many clients strangers may register: in a while, and alive at once. The counts are shared by every process. */
@Injectable()
export class RegistrationLimits {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Store) private readonly store: Store,
  ) {}

  /**
   * Counts a registration or an update, from its address and for each host that it redirects to. It is counted before
   * anything is fetched or written for it. Loopback hosts are everybody's, and not counted.
   * @throws OAuthError temporarily_unavailable (429) past the rate
   */
  async countRegistration(
    kind: 'register' | 'update',
    { addressKey, now }: RegistrantActor,
    redirectUris: readonly string[],
  ): Promise<void> {
    const wait = await this.count({ kind, addressKey, redirectUris }, now);
    if (wait !== undefined) throw tooMany('Too many registrations: try again later.', wait, 'registration.rate');
  }

  /**
   * The same for a client with a metadata document: a new one by the address that asks and the document's host as if it
   * redirected there; an update, which nobody authenticates, by both too.
   * @throws OAuthError temporarily_unavailable (429) past the rate
   */
  async countDocument(kind: 'register' | 'update', from: MetadataDocumentActor): Promise<void> {
    const { addressKey, clientId, now } = from;
    const attempt: RegistrationAttempt =
      kind === 'register'
        ? { kind, addressKey, redirectUris: [clientId] }
        : { kind: 'document_update', addressKey, host: new URL(clientId).host };
    const wait = await this.count(attempt, now);
    if (wait !== undefined) throw tooManyDocuments(wait);
  }

  /**
   * That the address may have one more client that no administrator decided about: those that are disabled or limited
   * stay for good, and would use the quota up. Part of the unit that makes it.
   * @throws OAuthError temporarily_unavailable (429) past the quota
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

  /** @returns the seconds after which one more may come, or undefined when this one may go on */
  private async count(attempt: RegistrationAttempt, now: EpochSeconds): Promise<number | undefined> {
    if (!this.settings.throttle) return undefined;
    const { count, seconds } = this.settings.registrationRate;
    // A unit of its own: a registration that is refused counts too.
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

/** In one order everywhere: two units that wait for each other's rows would wait for ever. */
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
