import { Delete, Get, Inject } from '@nestjs/common';
import type { Selector } from '@gatehouse/domain/kernel';
import { Reply } from '@gatehouse/platform/http/reply';
import type { Grant } from '../../../grants/grant.js';
import { GrantsService } from '../../../grants/grants.service.js';
import { RevokeGrants } from '../../../grants/operations/revoke-grants.js';
import { RevokeTokens } from '../../../tokens/operations/revoke-tokens.js';
import { listOrders } from '../../../database/list-order.js';
import type { Cursor } from '../../../web/cursor.js';
import { AccessTokensService, type AccessToken } from '../../../tokens/access-tokens.service.js';
import { Operations } from '../../../operations/operations.js';
import { SessionsService } from '../../../users/sessions/sessions.service.js';
import { EndSessions } from '../../../users/sessions/operations/end-sessions.js';
import { sessionRepresentation } from '../../../users/sessions/session-representation.js';
import { AdminApi, ApiCall } from '../admin-api.js';
import type { Call } from '../call.js';
import { Operation, type QueryParameter } from '../operation.js';
import { pageReply, readChoice, readPage, readText } from '../paging.js';
import { ApiProblem, notFound } from '../problem.js';

const ofUser: QueryParameter = { name: 'user_id', description: 'Those of one user.' };
const ofClient: QueryParameter = { name: 'client_id', description: 'Those of one client.' };
const inOrder = { name: 'order', description: 'newest where it is left out.', oneOf: listOrders } as const;

/** Of two at once the index serves one: whoever wants both reads the user’s and looks at the client. */
function readFilter(call: Call): { readonly userId: string | undefined; readonly clientId: string | undefined } {
  const userId = readText(call.request, 'user_id');
  const clientId = readText(call.request, 'client_id');
  if (userId !== undefined && clientId !== undefined)
    throw new ApiProblem('invalid', 'Narrow it to a user or to a client, not to both.', [
      { pointer: '?client_id', detail: 'Not together with user_id.' },
    ]);
  return { userId, clientId };
}

function selectorAfter(after: Cursor | undefined): Selector | undefined {
  return after === undefined ? undefined : (Number(after[0]) as Selector);
}

function selectorOf(call: Call, what: string): Selector {
  const text = call.request.params['id'] ?? '';
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(Number(text))) throw notFound(what);
  // Selectors are made by this server and travel as plain numbers.
  return Number(text) as Selector;
}

@AdminApi('grants')
export class GrantsApi {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(GrantsService) private readonly grants: GrantsService,
  ) {}

  @Get()
  @Operation({
    summary: 'Live grants',
    needs: 'gatehouse:read',
    query: [ofUser, ofClient, inOrder],
    answers: 'Grant',
    pages: true,
  })
  async list(@ApiCall() call: Call): Promise<Reply> {
    const { limit, after } = readPage(call.request, ['number']);
    const order = readChoice(call.request, 'order', listOrders);
    const asked = { ...readFilter(call), before: selectorAfter(after), order, limit };
    const { grants, more } = await this.grants.list(asked, call.now);
    const last = grants.at(-1);
    return pageReply(call.request, grants.map(grantRepresentation), more && last ? [last.selector] : undefined);
  }

  @Delete(':id')
  @Operation({ summary: 'Revokes a grant: its code and tokens end with it', needs: 'gatehouse:admin', signIn: 'any' })
  async revoke(@ApiCall() call: Call): Promise<Reply> {
    const selector = selectorOf(call, 'grant');
    const { revoked } = await this.operations.execute(RevokeGrants, call.actor, { selectors: [selector] });
    if (revoked === 0) throw notFound('grant');
    return Reply.empty(204);
  }
}

@AdminApi('tokens')
export class TokensApi {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(AccessTokensService) private readonly tokens: AccessTokensService,
  ) {}

  @Get()
  @Operation({
    summary: 'Live access tokens',
    needs: 'gatehouse:read',
    query: [ofUser, ofClient, inOrder],
    answers: 'Token',
    pages: true,
  })
  async list(@ApiCall() call: Call): Promise<Reply> {
    const { limit, after } = readPage(call.request, ['number']);
    const order = readChoice(call.request, 'order', listOrders);
    const asked = { ...readFilter(call), before: selectorAfter(after), order, limit };
    const { tokens, more } = await this.tokens.list(asked, call.now);
    const last = tokens.at(-1);
    return pageReply(call.request, tokens.map(tokenRepresentation), more && last ? [last.selector] : undefined);
  }

  @Delete(':id')
  @Operation({ summary: 'Revokes an access token; its grant goes on', needs: 'gatehouse:admin', signIn: 'any' })
  async revoke(@ApiCall() call: Call): Promise<Reply> {
    const selector = selectorOf(call, 'token');
    const { revoked } = await this.operations.execute(RevokeTokens, call.actor, { selectors: [selector] });
    if (revoked === 0) throw notFound('token');
    return Reply.empty(204);
  }
}

@AdminApi('sessions')
export class SessionsApi {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(SessionsService) private readonly sessions: SessionsService,
  ) {}

  @Get()
  @Operation({
    summary: 'Live sessions, in the order of their logins',
    needs: 'gatehouse:read',
    query: [ofUser, inOrder],
    answers: 'Session',
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
  @Operation({
    summary: 'Ends a session, with the grants that do not outlive it',
    needs: 'gatehouse:admin',
    signIn: 'any',
  })
  async end(@ApiCall() call: Call): Promise<Reply> {
    const ids = [(call.request.params['id'] ?? '').slice(0, 200)];
    const { ended } = await this.operations.execute(EndSessions, call.actor, { ids });
    if (ended === 0) throw notFound('session');
    return Reply.empty(204);
  }
}

function grantRepresentation(grant: Grant): object {
  return {
    id: grant.selector,
    client_id: grant.clientId,
    user_id: grant.userId,
    scope: grant.scope.join(' '),
    resources: grant.resources,
    created_at: grant.createdAt,
    last_used_at: grant.lastUsedAt,
    expires_at: grant.expiresAt,
  };
}

function tokenRepresentation(token: AccessToken): object {
  return {
    id: token.selector,
    grant_id: token.grantSelector ?? null,
    client_id: token.clientId,
    user_id: token.userId ?? null,
    scope: token.scope.join(' '),
    audience: token.audience,
    issued_at: token.issuedAt,
    last_used_at: token.lastUsedAt ?? null,
    expires_at: token.expiresAt,
  };
}
