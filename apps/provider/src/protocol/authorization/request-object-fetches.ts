import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { OAuthError, type Client } from '@gatehouse/domain/oauth';
import { ConcurrencyBudget, acquireAll, RateBudget } from '@gatehouse/platform/outbound/budgets';
import { Outbound } from '@gatehouse/platform/outbound/guarded-fetch';

const fetchTimeoutMilliseconds = 5000;
const rateSeconds = 60;

/** How many fetches per minute, and how many at once. */
interface Limits {
  readonly perMinute: { readonly address: number; readonly client: number; readonly host: number };
  readonly running: { readonly address: number; readonly client: number; readonly host: number; readonly all: number };
}

/** Any browser can cause a fetch of what an approved client registered, so each requesting address has its own limit. */
const approvedLimits: Limits = {
  perMinute: { address: 300, client: 1200, host: 1200 },
  running: { address: 10, client: 20, host: 40, all: 40 },
};
/** Anyone can register a client and choose the host to fetch from: limits are lower, and one address has a part of those of a client. */
const unapprovedLimits: Limits = {
  perMinute: { address: 20, client: 60, host: 120 },
  running: { address: 2, client: 5, host: 10, all: 40 },
};

/** The request that causes a fetch. */
export interface FetchContext {
  /** Identifies one source of requests. */
  readonly addressKey: string;
  readonly now: EpochSeconds;
}

/** Fetches request objects by reference (`request_uri`); unapproved clients have separate limits. */
@Injectable()
export class RequestObjectFetches {
  private readonly approved = new FetchBudget(approvedLimits);
  private readonly unapproved = new FetchBudget(unapprovedLimits);

  constructor(@Inject(Outbound) private readonly outbound: Outbound) {}

  /**
   * @param uri one that the client registered, without its fragment
   * @param context.maxBodyBytes a longer response is rejected
   * @throws OAuthError temporarily_unavailable above a limit; OutboundRefused
   */
  async fetch(uri: string, client: Client, context: FetchContext & { readonly maxBodyBytes: number }): Promise<Buffer> {
    const { addressKey, now, maxBodyBytes } = context;
    const budget = client.approvedAt === undefined ? this.unapproved : this.approved;
    const release = budget.enter({ clientId: client.id, host: new URL(uri).host, addressKey, now });
    if (!release)
      throw new OAuthError('temporarily_unavailable', 'Too many request objects are being fetched: try again later.', {
        reason: 'request_uri.busy',
      });
    try {
      const response = await this.outbound.get(uri, {
        accept: 'application/oauth-authz-req+jwt, application/jwt, */*;q=0.5',
        maxBodyBytes,
        timeoutMilliseconds: fetchTimeoutMilliseconds,
      });
      return response.body;
    } finally {
      release();
    }
  }
}

class FetchBudget {
  private readonly byAddress: RateBudget;
  private readonly byClient: RateBudget;
  private readonly byHost: RateBudget;
  private readonly runningByAddress: ConcurrencyBudget;
  private readonly runningByClient: ConcurrencyBudget;
  private readonly runningByHost: ConcurrencyBudget;

  constructor({ perMinute, running }: Limits) {
    this.byAddress = new RateBudget({ limit: perMinute.address, seconds: rateSeconds });
    this.byClient = new RateBudget({ limit: perMinute.client, seconds: rateSeconds });
    this.byHost = new RateBudget({ limit: perMinute.host, seconds: rateSeconds });
    this.runningByAddress = new ConcurrencyBudget({ limit: running.all, maxPerKey: running.address });
    this.runningByClient = new ConcurrencyBudget({ limit: running.all, maxPerKey: running.client });
    this.runningByHost = new ConcurrencyBudget({ limit: running.all, maxPerKey: running.host });
  }

  /** @returns a function to call when the fetch has ended; undefined above a limit */
  enter(fetch: FetchContext & { readonly clientId: string; readonly host: string }): (() => void) | undefined {
    const { addressKey, clientId, host, now } = fetch;
    // The address first: a fetch above its limit does not count against the client or the host.
    if (!this.byAddress.take(addressKey, now)) return undefined;
    const release = acquireAll(
      [this.runningByAddress, addressKey],
      [this.runningByClient, clientId],
      [this.runningByHost, host],
    );
    if (!release) return undefined;
    if (this.byClient.take(clientId, now) && this.byHost.take(host, now)) return release;
    release();
    return undefined;
  }
}
