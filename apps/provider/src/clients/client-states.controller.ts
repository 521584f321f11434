import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import type { Form } from '@gatehouse/platform/http/form';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { PageError } from '../web/page-error.js';
import { routes } from '../web/routes.js';
import { PageOperations } from '../users/page-operations.service.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { clientDecisions, type ClientDecision } from './client-states.service.js';
import { clientStates } from './client-sort-orders.js';
import { SetClientState } from './operations/set-client-state.js';
import { SetClientStates } from './operations/set-client-states.js';

const maxAtOnce = 100;

/** What administrators decide about clients that are there: approve, switch off and on; one, or many of the list. */
@Controller(routes.clients)
export class ClientStatesController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
  ) {}

  /** Of the list: every client that is ticked. */
  @Post()
  async many(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.openFor(request);
    const state = clientStates.find((each) => each === form.get('state'));
    const list = `${routes.clients}?${state === undefined ? '' : `state=${state}&`}`;
    // A list has nothing that was typed: it is shown afresh.
    if (refusal) return Reply.redirect(`${list}done=refused`, { cookies: context.cookies });
    const decision = decisionOf(form);
    const ids = [...new Set(form.all('id'))].slice(0, maxAtOnce);
    // A form without a revision shows no client: nothing can be approved by it.
    const clients = ids.map((id) => ({ id, revision: form.get(`revision:${id}`) ?? '' }));
    const outcome = await this.operations.execute(SetClientStates, { decision, clients }, { context, form });
    const outdated = 'result' in outcome ? outcome.result.outdated : 0;
    const done = ids.length === 0 ? 'none' : outdated > 0 ? 'some-outdated' : 'changed';
    return Reply.redirect(`${list}done=${done}`, { cookies: context.cookies });
  }

  /** Somebody who had to log in again first comes back here with GET. */
  @Get('state/:id')
  async backToClient(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.openFor(request);
    return Reply.redirect(this.pageOf(request), { cookies: context.cookies });
  }

  @Post('state/:id')
  async one(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.openFor(request);
    if (refusal) return Reply.redirect(`${this.pageOf(request)}?done=refused`, { cookies: context.cookies });
    const input = { id: request.params['id'] ?? '', decision: decisionOf(form), revision: form.get('revision') ?? '' };
    const outcome = await this.operations.execute(SetClientState, input, { context, form });
    return Reply.redirect(`${this.pageOf(request)}?done=${'result' in outcome ? 'changed' : 'outdated'}`, {
      cookies: context.cookies,
    });
  }

  private pageOf(request: WebRequest): string {
    return `${routes.clients}/update/${encodeURIComponent(request.params['id'] ?? '')}`;
  }

  private async openFor(request: WebRequest): Promise<UserRequestContext> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin');
    return context;
  }
}

/** @throws PageError form.invalid */
function decisionOf(form: Form): ClientDecision {
  const decision = clientDecisions.find((each) => each === form.get('action'));
  if (decision === undefined) throw new PageError('form.invalid');
  return decision;
}
