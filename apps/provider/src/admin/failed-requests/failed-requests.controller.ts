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
import { ClientLogos } from '../../clients/client-logos.service.js';
import { ClientsService } from '../../clients/clients.service.js';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { text, type Message } from '../../i18n/message.js';
import { listAddress, listPager } from '../../web/list-pager.js';
import { PageError } from '../../web/page-error.js';
import { revisionOf } from '../../web/revision.js';
import { routes } from '../../web/routes.js';
import { PageOperations } from '../../users/page-operations.service.js';
import type { UserRequestContext } from '../../users/sessions/request-context.js';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import {
  clientHref,
  endpointText,
  explanationOf,
  isEnableOffered,
  isFixable,
  offeredFixOf,
  parameterFacts,
  pathOf,
  ruleFacts,
  subOf,
} from './failed-request-model.js';
import { titleOf } from './failure-rules.js';

const pageSize = 25;
const maxSources = 10;

interface Shown {
  readonly status?: number;
  readonly error?: Message;
}

/** Shows failed requests: the request, the rule that rejected it, and the change that would fix it. */
@Controller(routes.failedRequests)
export class FailedRequestsController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(FailedRequests) private readonly failedRequests: FailedRequests,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ClientLogos) private readonly logos: ClientLogos,
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
    const { failedRequests, next } = ofRequest
      ? // The newest ones of one request id are enough: there is no paging.
        { failedRequests: ofRequest.failedRequests, next: undefined }
      : await this.failedRequests.list({ clientId: clientId === '' ? undefined : clientId, before, limit: pageSize });
    const sources = await this.failedRequests.counts(hourOf(addSeconds(context.now, -24 * 3600)), maxSources);
    return this.contexts.page(context, 'admin/failed-requests', {
      typed: { id, client: clientId },
      clearHref: id === '' && clientId === '' ? undefined : routes.failedRequests,
      unknown: id === '' || first ? undefined : text('failed.unknownId'),
      failedRequests: await this.rowsOf(failedRequests, context.user.id),
      sources: sources.map(({ source, count }) => ({ label: source, value: String(count) })),
      pager: listPager(
        routes.failedRequests,
        { client: clientId },
        { isFirst: before === undefined, next: next?.toString(36) },
      ),
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
    if (refusal) return this.page(context, failedRequest, { status: 403, error: text(refusal.id) });
    const client = await this.clientOf(failedRequest);
    if (!client) throw new PageError('record.not_found');
    const submission = { context, form };
    const view = { client, settings: this.settings, viewerId: context.user.id };
    if (form.get('action') === 'enable' && isEnableOffered(failedRequest, view)) {
      await this.operations.execute(SetClientState, { id: client.id, decision: 'enable' }, submission);
      return this.fixed(context, failedRequest);
    }
    const fix = offeredFixOf(failedRequest, view);
    // The page is outdated: the button no longer does what it says.
    if (!fix || form.get('fix') !== fix.id)
      return this.page(context, failedRequest, { status: 409, error: text('failed.changed') });
    const input = { id: client.id, properties: fix.properties, revision: revisionOf(client) };
    const saved = await this.operations.execute(UpdateClient, input, submission);
    if (!('refusal' in saved)) return this.fixed(context, failedRequest);
    const { error, problems } = saved.refusal;
    const [message] = problems;
    return this.page(context, failedRequest, {
      status: 409,
      error: error ?? message?.message ?? text('failed.changed'),
    });
  }

  private fixed(context: UserRequestContext, failedRequest: FailedRequest): Reply {
    return Reply.redirect(`${pathOf(failedRequest)}?done=fixed`, { cookies: context.cookies });
  }

  private async page(context: UserRequestContext, failedRequest: FailedRequest, shown: Shown): Promise<Reply> {
    const client = await this.clientOf(failedRequest);
    const isFixed = query(context.request).text('done') === 'fixed' && shown.status === undefined;
    return this.contexts.page(
      context,
      'admin/failed-request',
      {
        ...explanationOf(failedRequest, { client, settings: this.settings, viewerId: context.user.id }),
        path: pathOf(failedRequest),
        heading: titleOf(failedRequest),
        sub: subOf(failedRequest, client),
        ruleFacts: ruleFacts(failedRequest),
        parameters: parameterFacts(failedRequest),
        client: client && { name: client.name, logo: this.logos.addressOf(client), href: clientHref(client) },
        activityHref: client && listAddress(routes.audit, { client: client.id }),
        error: shown.error,
        notice: isFixed ? text('failed.fixed') : undefined,
      },
      { status: shown.status ?? 200 },
    );
  }

  private async rowsOf(failedRequests: readonly FailedRequest[], viewerId: string): Promise<object[]> {
    const clients = new Map<string, Client | undefined>();
    for (const { clientId } of failedRequests)
      if (clientId !== undefined && !clients.has(clientId)) clients.set(clientId, await this.clients.find(clientId));
    return failedRequests.map((failedRequest) => {
      const client = clients.get(failedRequest.clientId ?? '');
      return {
        href: pathOf(failedRequest),
        title: titleOf(failedRequest),
        reason: failedRequest.reason,
        endpoint: endpointText(failedRequest),
        clientId: failedRequest.clientId,
        clientName: client?.name,
        logo: client && this.logos.addressOf(client),
        hasFix: isFixable(failedRequest, { client, settings: this.settings, viewerId }),
        address: failedRequest.address,
        at: failedRequest.at,
      };
    });
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
