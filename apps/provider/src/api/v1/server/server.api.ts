import { Delete, Get, Inject, Post } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import { auditActor } from '../../../operations/actor.js';
import { AuditLog } from '../../../audit/audit-log.service.js';
import { auditTypes } from '../../../audit/audit.service.js';
import { BoundedEvents } from '../../../audit/bounded-events.service.js';
import { eventRepresentation } from '../../../audit/event-representation.js';
import { CreateInitialAccessToken } from '../../../clients/registration/operations/create-initial-access-token.js';
import { DeleteInitialAccessToken } from '../../../clients/registration/operations/delete-initial-access-token.js';
import { InitialAccessTokens } from '../../../clients/registration/initial-access-tokens.service.js';
import { keyRepresentation } from '../../../keys/key-representation.js';
import { KeysService } from '../../../keys/keys.service.js';
import { RotateKeys } from '../../../keys/operations/rotate-keys.js';
import { messageRepresentation } from '../../../outbox/message-representation.js';
import { Operations } from '../../../operations/operations.js';
import { RetryMessages } from '../../../outbox/operations/retry-messages.js';
import { Outbox } from '../../../outbox/outbox.service.js';
import { AdminApi, ApiCall } from '../admin-api.js';
import { readBodyOf } from '../bodies.js';
import type { Call } from '../call.js';
import { IdempotentCreations } from '../idempotent-creations.service.js';
import { Operation } from '../operation.js';
import { pageReply, readChoice, readPage, readText } from '../paging.js';
import { notFound } from '../problem.js';

@AdminApi('keys')
export class KeysApi {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(KeysService) private readonly keys: KeysService,
  ) {}

  @Get()
  @Operation({
    summary: 'The server’s keys, including retired ones',
    requiredScope: 'gatehouse:read',
    response: 'Key',
    pages: true,
  })
  async list(@ApiCall() call: Call): Promise<Reply> {
    // Few enough for one page.
    return pageReply(call.request, (await this.keys.list()).map(keyRepresentation), undefined);
  }

  @Post('rotate')
  @Operation({
    summary: 'Creates a new key of each kind, which signs once it has been published long enough',
    requiredScope: 'gatehouse:admin',
    body: 'KeyRotation',
    response: 'Key',
    pages: true,
  })
  async rotate(@ApiCall() call: Call): Promise<Reply> {
    const { value } = await readBodyOf(call.request, 'KeyRotation');
    await this.operations.execute(RotateKeys, call.actor, { atOnce: value.at_once ?? false });
    return this.list(call);
  }
}

@AdminApi('messages')
export class MessagesApi {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(Outbox) private readonly outbox: Outbox,
  ) {}

  @Get()
  @Operation({
    summary: 'Undelivered mail and logout notifications, oldest first',
    requiredScope: 'gatehouse:read',
    query: [{ name: 'state', description: 'given-up: those that are not retried any more.', oneOf: ['given-up'] }],
    response: 'Message',
    pages: true,
  })
  async list(@ApiCall() call: Call): Promise<Reply> {
    const { limit, after } = readPage(call.request, ['number']);
    const failedOnly = readChoice(call.request, 'state', ['given-up']) !== undefined;
    const start = after === undefined ? {} : { after: Number(after[0]) };
    const messages = await this.outbox.list({ failedOnly, ...start, limit: limit + 1 });
    const page = messages.slice(0, limit);
    const last = page.at(-1);
    const next = messages.length > limit && last ? [last.selector] : undefined;
    return pageReply(call.request, page.map(messageRepresentation), next);
  }

  @Post(':id/retry')
  @Operation({ summary: 'Makes a message due now', requiredScope: 'gatehouse:admin', signIn: 'any' })
  async retry(@ApiCall() call: Call): Promise<Reply> {
    const id = call.request.params['id'] ?? '';
    const selectors = /^\d{1,15}$/.test(id) ? [Number(id)] : [];
    const { retried } = await this.operations.execute(RetryMessages, call.actor, { selectors });
    if (retried === 0) throw notFound('message');
    return Reply.empty(204);
  }
}

const oneAnHour = { limit: 1, seconds: 3600 };

@AdminApi('audit-events')
export class AuditEventsApi {
  constructor(
    @Inject(AuditLog) private readonly log: AuditLog,
    @Inject(BoundedEvents) private readonly bounded: BoundedEvents,
  ) {}

  @Get()
  @Operation({
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

@AdminApi('registration-tokens')
export class RegistrationTokensApi {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(InitialAccessTokens) private readonly tokens: InitialAccessTokens,
    @Inject(IdempotentCreations) private readonly creations: IdempotentCreations,
  ) {}

  @Get()
  @Operation({
    summary: 'Initial access tokens for dynamic client registration',
    requiredScope: 'gatehouse:read',
    response: 'RegistrationToken',
    pages: true,
  })
  async list(@ApiCall() call: Call): Promise<Reply> {
    const tokens = await this.tokens.list();
    const items = tokens.map((token) => ({
      id: token.id,
      name: token.name,
      uses: token.uses,
      max_uses: token.maxUses ?? null,
      approves: token.approves,
      created_at: token.createdAt,
      expires_at: token.expiresAt ?? null,
      last_used_at: token.lastUsedAt ?? null,
    }));
    return pageReply(call.request, items, undefined);
  }

  @Post()
  @Operation({
    summary: 'Creates an initial access token (RFC 7591 3)',
    requiredScope: 'gatehouse:admin',
    body: 'RegistrationToken',
    response: 'NewRegistrationToken',
    creates: true,
  })
  async add(@ApiCall() call: Call): Promise<Reply> {
    const { value, bytes } = await readBodyOf(call.request, 'RegistrationToken');
    const input = {
      name: value.name,
      maxUses: value.max_uses,
      lifetimeSeconds: value.lifetime_seconds,
      approves: value.approves,
    };
    return this.creations.execute({ call, bytes }, CreateInitialAccessToken, input, ({ id, token, expiresAt }) => ({
      body: { id, token, expires_at: expiresAt ?? null },
    }));
  }

  @Delete(':id')
  @Operation({
    summary: 'Deletes an initial access token; clients registered with it remain',
    requiredScope: 'gatehouse:admin',
  })
  async remove(@ApiCall() call: Call): Promise<Reply> {
    const id = call.request.params['id'] ?? '';
    await this.operations.execute(DeleteInitialAccessToken, call.actor, { id: id.slice(0, 200) });
    return Reply.empty(204);
  }
}
