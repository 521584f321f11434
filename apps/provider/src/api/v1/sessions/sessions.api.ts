import { Delete, Get, Inject } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import { listOrders } from '../../../database/list-order.js';
import { Operations } from '../../../operations/operations.js';
import { SessionsService } from '../../../users/sessions/sessions.service.js';
import { EndSessions } from '../../../users/sessions/operations/end-sessions.js';
import { sessionRepresentation } from '../../../users/sessions/session-representation.js';
import { AdminApi, ApiCall } from '../admin-api.js';
import type { Call } from '../call.js';
import { ApiEndpoint } from '../operation.js';
import { pageReply, readChoice, readPage, readText } from '../paging.js';
import { notFound } from '../problem.js';
import { inOrder, ofUser, selectorAfter } from '../grant-lists.js';

@AdminApi('sessions')
export class SessionsApi {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(SessionsService) private readonly sessions: SessionsService,
  ) {}

  @Get()
  @ApiEndpoint({
    summary: 'Active sessions, in the order of their logins',
    requiredScope: 'gatehouse:read',
    query: [ofUser, inOrder],
    response: 'Session',
    pages: true,
  })
  async list(@ApiCall() call: Call): Promise<Reply> {
    const { limit, after } = readPage(call.request, ['number']);
    const { sessions, next } = await this.sessions.list(
      {
        userId: readText(call.request, 'user_id'),
        before: selectorAfter(after),
        order: readChoice(call.request, 'order', listOrders),
        limit,
      },
      call.now,
    );
    return pageReply(call.request, sessions.map(sessionRepresentation), next === undefined ? undefined : [next]);
  }

  @Delete(':id')
  @ApiEndpoint({
    summary: 'Ends a session, with the grants that do not outlive it',
    requiredScope: 'gatehouse:admin',
    signIn: 'any',
  })
  async end(@ApiCall() call: Call): Promise<Reply> {
    const ids = [(call.request.params['id'] ?? '').slice(0, 200)];
    const { ended } = await this.operations.execute(EndSessions, call.actor, { ids });
    if (ended === 0) throw notFound('session');
    return Reply.empty(204);
  }
}
