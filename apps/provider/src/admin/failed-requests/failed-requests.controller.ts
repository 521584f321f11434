import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { addSeconds, parseSelector } from '@gatehouse/domain/kernel';
import type { Client } from '@gatehouse/domain/oauth';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { hourOf } from '../../audit/activity.service.js';
import { FailedRequests, type FailedRequest } from '../../audit/failed-requests.service.js';
import { SetClientState } from '../../clients/operations/set-client-state.js';
import { UpdateClient } from '../../clients/operations/update-client.js';
import { ClientsService } from '../../clients/clients.service.js';
import { PageError } from '../../web/page-error.js';
import { revisionOf } from '../../web/revision.js';
import { routes } from '../../web/routes.js';
import { PageOperations } from '../../users/page-operations.service.js';
import type { UserRequestContext } from '../../users/sessions/request-context.js';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import { suggestedFixFor } from './suggested-fixes.js';
import { ruleOf } from './failure-rules.js';

const pageSize = 25;
const maxSources = 10;

const endpointWords: Readonly<Record<string, string>> = {
  authorize: 'Authorization',
  token: 'Token',
  par: 'Pushed request',
  device: 'Device authorization',
  introspection: 'Introspection',
  revocation: 'Revocation',
  registration: 'Client registration',
  userinfo: 'UserInfo',
  me: '/api/me',
};

/** Shows failed requests: the request, the rule that rejected it, and the change that would fix it. */
@Controller(routes.failedRequests)
export class FailedRequestsController {
  constructor(
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(FailedRequests) private readonly failedRequests: FailedRequests,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(PageOperations) private readonly operations: PageOperations,
  ) {}

  @Get()
  async list(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireAdmin(request);
    const parameters = query(request);
    const id = parameters.text('id').trim().slice(0, 100);
    const ofRequest = id === '' ? undefined : await this.failedRequests.list({ requestId: id, limit: pageSize });
    const [first, second] = ofRequest?.failedRequests ?? [];
    if (first && !second) return Reply.redirect(pathOf(first), { cookies: context.cookies });
    const clientId = parameters.text('client').trim().slice(0, 300);
    const before = parseSelector(parameters.text('before'));
    const { failedRequests, next } =
      ofRequest && first
        ? // The newest ones of one request id are enough: there is no paging.
          { failedRequests: ofRequest.failedRequests, next: undefined }
        : await this.failedRequests.list({ clientId: clientId === '' ? undefined : clientId, before, limit: pageSize });
    const names = await this.clients.names(failedRequests.flatMap((each) => each.clientId ?? []));
    const sources = await this.failedRequests.counts(hourOf(addSeconds(context.now, -24 * 3600)), maxSources);
    return this.contexts.page(context, 'admin/failed-requests', {
      typed: { id, client: clientId },
      unknown:
        id === '' || first
          ? undefined
          : 'Nothing was refused under this id, or it is a week ago. What is refused is here a second later.',
      failedRequests: failedRequests.map((failedRequest) => ({
        ...lineOf(failedRequest),
        clientName: names.get(failedRequest.clientId ?? ''),
      })),
      sources,
      isFirst: before === undefined,
      next: next?.toString(36),
    });
  }

  @Get(':id')
  async show(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireAdmin(request);
    const failedRequest = await this.find(request);
    return this.page(context, failedRequest, {});
  }

  @Post(':id')
  async fix(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdmin(request);
    const failedRequest = await this.find(request);
    if (refusal) return this.page(context, failedRequest, { status: 403, error: refusal.sentence });
    const client = await this.clientOf(failedRequest);
    if (!client) throw new PageError('record.not_found');
    const submission = { context, form };
    if (form.get('action') === 'enable') {
      await this.operations.execute(SetClientState, { id: client.id, decision: 'enable' }, submission);
      return this.fixed(context, failedRequest);
    }
    const fix = suggestedFixFor(failedRequest, client);
    // The page is outdated: the button no longer does what it says.
    if (!fix || form.get('fix') !== fix.label)
      return this.page(context, failedRequest, { status: 409, error: 'The client has changed meanwhile: look again.' });
    const input = { id: client.id, properties: fix.properties, revision: revisionOf(client) };
    const saved = await this.operations.execute(UpdateClient, input, submission);
    if (!('refusal' in saved)) return this.fixed(context, failedRequest);
    const { error, problems } = saved.refusal;
    const sentences = error === undefined ? problems.map(({ message }) => String(message)) : [String(error)];
    return this.page(context, failedRequest, { status: 409, error: sentences.join(' ') });
  }

  private fixed(context: UserRequestContext, failedRequest: FailedRequest): Reply {
    return Reply.redirect(`${pathOf(failedRequest)}?done=fixed`, { cookies: context.cookies });
  }

  private async page(
    context: UserRequestContext,
    failedRequest: FailedRequest,
    shown: { readonly status?: number; readonly error?: string },
  ): Promise<Reply> {
    const client = await this.clientOf(failedRequest);
    const isOff =
      client?.disabledAt !== undefined && ['client.disabled', 'client_auth.unknown'].includes(failedRequest.reason);
    return this.contexts.page(
      context,
      'admin/failed-request',
      {
        failedRequest: lineOf(failedRequest),
        rule: ruleOf(failedRequest.reason),
        parameters: Object.entries(failedRequest.parameters).map(([name, value]) => ({ name, value })),
        client: client && { id: client.id, name: client.name },
        fix: client && suggestedFixFor(failedRequest, client)?.label,
        isOff,
        error: shown.error,
        notice:
          query(context.request).text('done') === 'fixed' && shown.status === undefined
            ? 'Done: the same request would pass this rule now.'
            : undefined,
      },
      { status: shown.status ?? 200 },
    );
  }

  private async clientOf({ clientId }: FailedRequest): Promise<Client | undefined> {
    return clientId === undefined ? undefined : this.clients.findFresh(clientId);
  }

  private async find(request: WebRequest): Promise<FailedRequest> {
    const selector = parseSelector(request.params['id']);
    const failedRequest = selector === undefined ? undefined : await this.failedRequests.find(selector);
    if (!failedRequest) throw new PageError('record.not_found');
    return failedRequest;
  }

  private async requireAdmin(request: WebRequest): Promise<UserRequestContext> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin');
    return context;
  }
}

function pathOf({ selector }: FailedRequest): string {
  return `${routes.failedRequests}/${selector.toString(36)}`;
}

function lineOf(failedRequest: FailedRequest): object {
  const { requestId, at, reason, error, description, clientId, address } = failedRequest;
  const endpoint = endpointWords[failedRequest.endpoint] ?? failedRequest.endpoint;
  return { path: pathOf(failedRequest), requestId, at, endpoint, reason, error, description, clientId, address };
}

/** The earlier address of these pages. */
@Controller('/refusal')
export class EarlierFailedRequestsController {
  @Get()
  list(@Req() request: WebRequest): Reply {
    const { search } = new URL(request.url ?? '/', 'http://localhost');
    return Reply.redirect(routes.failedRequests + search);
  }

  @Get(':id')
  show(@Req() request: WebRequest): Reply {
    return Reply.redirect(
      `${routes.failedRequests}?${new URLSearchParams({ id: request.params['id'] ?? '' }).toString()}`,
    );
  }
}
