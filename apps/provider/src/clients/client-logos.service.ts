import { Inject, Injectable } from '@nestjs/common';
import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import type { Client } from '@gatehouse/domain/oauth';
import { Outbound } from '@gatehouse/platform/outbound/guarded-fetch';
import { Log } from '@gatehouse/platform/telemetry/log';
import { routes } from '../web/routes.js';

/** An image that a browser can display. */
export interface Logo {
  readonly body: Buffer;
  readonly contentType: string;
}

interface CachedLogo {
  readonly logo: Logo | undefined;
  readonly until: EpochSeconds;
}

const types = ['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/svg+xml'];
const maxBytes = 200_000;
const timeoutMilliseconds = 5_000;
const cacheSeconds = 24 * 3600;
/** How long a failed fetch is not repeated. */
const failureCacheSeconds = 600;
const maxCached = 100;

/**
 * Fetches the logos of clients, so that pages show them from this server's origin and the host of a logo does not learn
 * who logs in where. Only for approved clients: an unapproved one may use the logo of another company.
 */
@Injectable()
export class ClientLogos {
  private readonly cache = new Map<string, CachedLogo>();
  private readonly running = new Map<string, Promise<Logo | undefined>>();

  constructor(
    @Inject(Outbound) private readonly outbound: Outbound,
    @Inject(Log) private readonly log: Log,
  ) {}

  /** The path of the client's logo on this server; undefined when pages show none. */
  addressOf(client: Client | undefined): string | undefined {
    if (client?.logoUri === undefined || client.approvedAt === undefined) return undefined;
    return `${routes.clientLogo}/${encodeURIComponent(client.id)}`;
  }

  /** Undefined when the client has no logo, or it cannot be fetched. */
  async find(client: Client, now: EpochSeconds): Promise<Logo | undefined> {
    const { logoUri } = client;
    if (logoUri === undefined || client.approvedAt === undefined) return undefined;
    const cached = this.cache.get(logoUri);
    if (cached && cached.until > now) return cached.logo;
    const running = this.running.get(logoUri);
    if (running) return running;
    const fetched = this.fetch(logoUri, now).finally(() => this.running.delete(logoUri));
    this.running.set(logoUri, fetched);
    return fetched;
  }

  private async fetch(uri: string, now: EpochSeconds): Promise<Logo | undefined> {
    let logo: Logo | undefined;
    try {
      const response = await this.outbound.get(uri, {
        accept: types.join(', '),
        maxBodyBytes: maxBytes,
        timeoutMilliseconds,
      });
      const contentType = String(response.headers['content-type'] ?? '')
        .split(';')[0]
        ?.trim()
        .toLowerCase();
      if (contentType === undefined || !types.includes(contentType))
        throw new TypeError('the response is not an image of a supported type');
      logo = { body: response.body, contentType };
    } catch (error) {
      this.log.warn({ err: error, host: new URL(uri).host }, "a client's logo could not be fetched");
    }
    this.cache.delete(uri);
    this.cache.set(uri, { logo, until: addSeconds(now, logo ? cacheSeconds : failureCacheSeconds) });
    const [oldest] = this.cache.size > maxCached ? this.cache.keys() : [];
    if (oldest !== undefined) this.cache.delete(oldest);
    return logo;
  }
}
