import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Log } from '@gatehouse/platform/telemetry/log';
import { pathOf, requestId, type WebRequest } from '@gatehouse/platform/http/request';
import type { Actor } from './audit.service.js';
import { BoundedEvents } from './bounded-events.service.js';

/** For each account; what comes after is in the request log. */
const perAccount = { most: 20, seconds: 900 };
const maxPathCharacters = 200;

const signedIn = new WeakMap<WebRequest, Actor>();

/** Says who sent a request, before their rights are checked. */
export function recordActor(request: WebRequest, actor: Actor): void {
  signedIn.set(request, actor);
}

/** Tells the audit log which signed-in people were refused what, at pages and at the API (OWASP ASVS 5.0 16.3.2). */
@Injectable()
export class DeniedAccess implements BeforeApplicationShutdown {
  private readonly running = new Set<Promise<void>>();

  constructor(
    @Inject(BoundedEvents) private readonly events: BoundedEvents,
    @Inject(Log) private readonly log: Log,
  ) {}

  /**
   * Nobody waits for it, and requests of strangers and of clients that act for themselves are not recorded.
   * @param reason the stable id of the rule that refused
   */
  record(request: WebRequest, reason: string): void {
    const { actorId, ...actor } = signedIn.get(request) ?? {};
    if (typeof actorId !== 'string') return;
    const details = { reason, method: request.method ?? '', path: pathOf(request).slice(0, maxPathCharacters) };
    const recorded = this.events
      .record({ type: 'access.denied', ...actor, actorId, details }, perAccount)
      .catch((error: unknown) =>
        this.log.error({ request: requestId(request), err: error }, 'a refused access was not recorded'),
      )
      .finally(() => this.running.delete(recorded));
    this.running.add(recorded);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.running);
  }
}
