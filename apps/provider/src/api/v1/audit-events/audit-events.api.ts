import { Get, Inject } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import { auditActor } from '../../../operations/actor.js';
import { AuditLog } from '../../../audit/audit-log.service.js';
import { auditTypes } from '../../../audit/audit.service.js';
import { BoundedEvents } from '../../../audit/bounded-events.service.js';
import { eventRepresentation } from '../../../audit/event-representation.js';
import { AdminApi, ApiCall } from '../admin-api.js';
import type { Call } from '../call.js';
import { ApiEndpoint } from '../operation.js';
import { pageReply, readChoice, readPage, readText } from '../paging.js';

const oneAnHour = { limit: 1, seconds: 3600 };

@AdminApi('audit-events')
export class AuditEventsApi {
  constructor(
    @Inject(AuditLog) private readonly log: AuditLog,
    @Inject(BoundedEvents) private readonly bounded: BoundedEvents,
  ) {}

  @Get()
  @ApiEndpoint({
    summary: 'The audit log, newest event first',
    description:
      'A page may have fewer events than the limit, or none, although more follow: continue until `next` is null.',
    requiredScope: 'gatehouse:read',
    query: [
      { name: 'type', description: 'Events of one kind.', oneOf: auditTypes },
      { name: 'user_id', description: 'What a user did, and what was done to them.' },
      { name: 'client_id', description: 'Events of one client.' },
      { name: 'request_id', description: 'Events of one request.' },
    ],
    response: 'AuditEvent',
    pages: true,
  })
  async list(@ApiCall() call: Call): Promise<Reply> {
    const { limit, after } = readPage(call.request, ['number']);
    const type = readChoice(call.request, 'type', auditTypes);
    // Recorded at most once an hour, so that a program that follows the log does not create an event per page.
    if (call.personId !== undefined)
      await this.bounded.record({ type: 'audit.read', ...auditActor(call.actor), actorId: call.personId }, oneAnHour);
    const { events, next } = await this.log.search({
      types: type === undefined ? undefined : [type],
      userId: readText(call.request, 'user_id'),
      clientId: readText(call.request, 'client_id'),
      requestId: readText(call.request, 'request_id'),
      before: after === undefined ? undefined : Number(after[0]),
      limit,
    });
    return pageReply(call.request, events.map(eventRepresentation), next === undefined ? undefined : [next]);
  }
}
