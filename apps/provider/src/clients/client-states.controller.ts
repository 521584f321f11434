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

/** Approves, restricts, disables or enables clients: one, or several of the list. For administrators. */
@Controller(routes.clients)
export class ClientStatesController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
  ) {}

  /** The clients that are selected in the list. */
  @Post()
  async many(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdministrator(request);
    const state = clientStates.find((each) => each === form.get('state'));
    const list = `${routes.clients}?${state === undefined ? '' : `state=${state}&`}`;
    // There is no input to preserve: the list is reloaded.
    if (refusal) return Reply.redirect(`${list}done=refused`, { cookies: context.cookies });
    const decision = decisionOf(form);
    const ids = [...new Set(form.all('id'))].slice(0, maxAtOnce);
    // Without a revision the client was not reviewed, so the approval fails.
    const clients = ids.map((id) => ({ id, revision: form.get(`revision:${id}`) ?? '' }));
    const outcome = await this.operations.execute(SetClientStates, { decision, clients }, { context, form });
    const outdated = 'result' in outcome ? outcome.result.outdated : 0;
    const done = ids.length === 0 ? 'none' : outdated > 0 ? 'some-outdated' : 'changed';
    return Reply.redirect(`${list}done=${done}`, { cookies: context.cookies });
  }

  /** The target of the redirect after a required sign-in. */
  @Get('state/:id')
  async backToClient(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireAdministrator(request);
    return Reply.redirect(this.pageOf(request), { cookies: context.cookies });
  }

  @Post('state/:id')
  async one(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdministrator(request);
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

  private async requireAdministrator(request: WebRequest): Promise<UserRequestContext> {
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
