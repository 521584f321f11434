import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Log } from '@gatehouse/platform/telemetry/log';
import { pathOf, requestId, type WebRequest } from '@gatehouse/platform/http/request';
import type { Actor } from './audit.service.js';
import { BoundedEvents } from './bounded-events.service.js';

/** The bound per account; further requests are only in the request log. */
const perAccount = { limit: 20, seconds: 900 };
const maxPathCharacters = 200;

const actors = new WeakMap<WebRequest, Actor>();

/** Associates a request with its user, before their rights are checked. */
export function recordActor(request: WebRequest, actor: Actor): void {
  actors.set(request, actor);
}

/** Records denied access of signed-in users to pages and the API in the audit log (OWASP ASVS 5.0 16.3.2). */
@Injectable()
export class DeniedAccess implements BeforeApplicationShutdown {
  private readonly running = new Set<Promise<void>>();

  constructor(
    @Inject(BoundedEvents) private readonly events: BoundedEvents,
    @Inject(Log) private readonly log: Log,
  ) {}

  /**
   * Asynchronous. Requests of visitors and of service accounts are not recorded.
   * @param reason the stable id of the rule that denied access
   */
  record(request: WebRequest, reason: string): void {
    const { actorId, ...actor } = actors.get(request) ?? {};
    if (typeof actorId !== 'string') return;
    const details = { reason, method: request.method ?? '', path: pathOf(request).slice(0, maxPathCharacters) };
    const recorded = this.events
      .record({ type: 'access.denied', ...actor, actorId, details }, perAccount)
      .catch((error: unknown) =>
        this.log.error(
          { request: requestId(request), err: error },
          'denied access could not be recorded in the audit log',
        ),
      )
      .finally(() => this.running.delete(recorded));
    this.running.add(recorded);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.running);
  }
}
