import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import type { Form } from '@gatehouse/platform/http/form';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { text } from '../i18n/message.js';
import { PageError } from '../web/page-error.js';
import { routes } from '../web/routes.js';
import { PageOperations } from '../users/page-operations.service.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { clientFilterParameters, clientListAddress, readClientFilter } from './client-list-filter.js';
import { clientRow } from './client-list-page.js';
import { ClientLogos } from './client-logos.service.js';
import { clientDecisions, type ClientDecision } from './client-states.service.js';
import { ClientsService } from './clients.service.js';
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
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ClientLogos) private readonly logos: ClientLogos,
  ) {}

  /** The clients that are selected in the list. */
  @Post()
  async many(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdministrator(request);
    const { cookies } = context;
    const filter = readClientFilter(form);
    // There is no input to preserve: the list is reloaded.
    if (refusal) return Reply.redirect(clientListAddress(filter, { done: 'refused' }), { cookies });
    const decision = decisionOf(form);
    const ids = idsIn(form);
    if (decision === 'disable' && !form.has('confirmed') && ids.length > 0) {
      const selection = new URLSearchParams(Object.entries(clientFilterParameters(filter)));
      for (const id of ids) selection.append('id', id);
      return Reply.redirect(`${routes.selectedClients}?${selection.toString()}`, { cookies });
    }
    // Without a revision the client was not reviewed, so the approval fails.
    const clients = ids.map((id) => ({ id, revision: form.get(`revision:${id}`) ?? '' }));
    const outcome = await this.operations.execute(SetClientStates, { decision, clients }, { context, form });
    const outdated = 'result' in outcome ? outcome.result.outdated : 0;
    const done = ids.length === 0 ? 'none' : outdated > 0 ? 'some-outdated' : 'changed';
    return Reply.redirect(clientListAddress(filter, { done }), { cookies });
  }

  /** Asks whether to disable the selected clients (`id`, repeated). */
  @Get('selected')
  async ask(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireAdministrator(request);
    const parameters = query(request);
    const filter = readClientFilter(parameters);
    const found = await Promise.all(idsIn(parameters).map((id) => this.clients.find(id)));
    const clients = found.filter((each) => each !== undefined);
    if (clients.length === 0)
      return Reply.redirect(clientListAddress(filter, { done: 'none' }), { cookies: context.cookies });
    return this.contexts.page(context, 'clients/selected', {
      heading: text('clients.ask.disable', { count: clients.length }),
      submit: text('clients.ask.disableSubmit', { count: clients.length }),
      cancel: clientListAddress(filter),
      fields: Object.entries(clientFilterParameters(filter)).map(([name, value]) => ({ name, value })),
      clients: clients.map((client) => clientRow(client, { logo: this.logos.addressOf(client) })),
    });
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

function idsIn(fields: Form): string[] {
  return [...new Set(fields.all('id').filter((id) => id.length <= 200))].slice(0, maxAtOnce);
}

/** @throws PageError form.invalid */
function decisionOf(form: Form): ClientDecision {
  const decision = clientDecisions.find((each) => each === form.get('action'));
  if (decision === undefined) throw new PageError('form.invalid');
  return decision;
}
