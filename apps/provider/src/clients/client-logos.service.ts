import { Inject, Injectable } from '@nestjs/common';
import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import type { Client } from '@gatehouse/domain/oauth';
import { Outbound } from '@gatehouse/platform/outbound/guarded-fetch';
import { Log } from '@gatehouse/platform/telemetry/log';
import { routes } from '../web/routes.js';

/** A picture that a browser may draw. */
export interface Logo {
  readonly body: Buffer;
  readonly contentType: string;
}

interface Held {
  readonly logo: Logo | undefined;
  readonly until: EpochSeconds;
}

const types = ['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/svg+xml'];
const maxBytes = 200_000;
const timeoutMilliseconds = 5_000;
const keptSeconds = 24 * 3600;
/** What could not be had is not asked for again before. */
const missedSeconds = 600;
const maxHeld = 100;

/**
 * The logos of clients, fetched by us and shown from our own address: the host of a logo learns nothing of who logs in
 * where. Only of clients that somebody approved: a stranger's picture may be another's logo.
 */
@Injectable()
export class ClientLogos {
  private readonly held = new Map<string, Held>();
  private readonly running = new Map<string, Promise<Logo | undefined>>();

  constructor(
    @Inject(Outbound) private readonly outbound: Outbound,
    @Inject(Log) private readonly log: Log,
  ) {}

  /** Where a page finds the logo of this client; undefined where it shows none. */
  addressOf(client: Client | undefined): string | undefined {
    if (client?.logoUri === undefined || client.approvedAt === undefined) return undefined;
    return `${routes.clientLogo}/${encodeURIComponent(client.id)}`;
  }

  /** Undefined where there is none, or it cannot be had. */
  async find(client: Client, now: EpochSeconds): Promise<Logo | undefined> {
    const { logoUri } = client;
    if (logoUri === undefined || client.approvedAt === undefined) return undefined;
    const held = this.held.get(logoUri);
    if (held && held.until > now) return held.logo;
    const running = this.running.get(logoUri);
    if (running) return running;
    const fetched = this.fetch(logoUri, now).finally(() => this.running.delete(logoUri));
    this.running.set(logoUri, fetched);
    return fetched;
  }

  private async fetch(uri: string, now: EpochSeconds): Promise<Logo | undefined> {
    let logo: Logo | undefined;
    try {
      const answer = await this.outbound.get(uri, {
        accept: types.join(', '),
        maxBodyBytes: maxBytes,
        timeoutMilliseconds,
      });
      const contentType = String(answer.headers['content-type'] ?? '')
        .split(';')[0]
        ?.trim()
        .toLowerCase();
      if (contentType === undefined || !types.includes(contentType)) throw new TypeError('it is no picture');
      logo = { body: answer.body, contentType };
    } catch (error) {
      this.log.warn({ err: error, host: new URL(uri).host }, "a client's logo could not be fetched");
    }
    this.held.delete(uri);
    this.held.set(uri, { logo, until: addSeconds(now, logo ? keptSeconds : missedSeconds) });
    const [oldest] = this.held.size > maxHeld ? this.held.keys() : [];
    if (oldest !== undefined) this.held.delete(oldest);
    return logo;
  }
}
