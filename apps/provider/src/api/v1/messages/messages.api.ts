import { Get, Inject, Post } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import { messageRepresentation } from '../../../outbox/message-representation.js';
import { Operations } from '../../../operations/operations.js';
import { RetryMessages } from '../../../outbox/operations/retry-messages.js';
import { Outbox } from '../../../outbox/outbox.service.js';
import { AdminApi, ApiCall } from '../admin-api.js';
import type { Call } from '../call.js';
import { ApiEndpoint } from '../operation.js';
import { pageReply, readChoice, readPage } from '../paging.js';
import { notFound } from '../problem.js';

@AdminApi('messages')
export class MessagesApi {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(Outbox) private readonly outbox: Outbox,
  ) {}

  @Get()
  @ApiEndpoint({
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
  @ApiEndpoint({ summary: 'Makes a message due now', requiredScope: 'gatehouse:admin', signIn: 'any' })
  async retry(@ApiCall() call: Call): Promise<Reply> {
    const id = call.request.params['id'] ?? '';
    const selectors = /^\d{1,15}$/.test(id) ? [Number(id)] : [];
    const { retried } = await this.operations.execute(RetryMessages, call.actor, { selectors });
    if (retried === 0) throw notFound('message');
    return Reply.empty(204);
  }
}
