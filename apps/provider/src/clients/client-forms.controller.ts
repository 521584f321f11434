import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { secretNeed, type Client } from '@gatehouse/domain/oauth';
import type { Form } from '@gatehouse/platform/http/form';
import { PageForms, type FormRejection } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { text } from '../i18n/message.js';
import { canAdminister } from '../users/actor.js';
import { PageOperations } from '../users/page-operations.service.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { UsersService } from '../users/users.service.js';
import type { FieldProblem } from '../web/form-errors.js';
import { PageError } from '../web/page-error.js';
import { revisionOf } from '../web/revision.js';
import { routes } from '../web/routes.js';
import {
  blankClientForm,
  changeLists,
  clientFormOf,
  readClientForm,
  toInput,
  type ClientFormValues,
} from './client-form.js';
import { clientKinds, hasRedirects, withDefaultsOf } from './client-kinds.js';
import { addressOfClient, ClientPages } from './client-pages.service.js';
import { clientPages, clientTabs, fieldsChangedBy } from './client-tabs.js';
import { CreateClient } from './operations/create-client.js';
import { UpdateClient } from './operations/update-client.js';

interface Posted {
  readonly form: Form;
  readonly values: ClientFormValues;
  readonly changes: (field: string) => boolean;
  readonly refusal: FormRejection | undefined;
}

/** Adds applications by three questions, and changes them on the pages that each has. Administrators change all, developers their own. */
@Controller(routes.clients)
export class ClientFormsController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(ClientPages) private readonly pages: ClientPages,
  ) {}

  @Get('add')
  async addForm(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireEditor(request);
    return this.pages.showNew(context, { kind: 'web', values: blankClientForm(context.user.username) });
  }

  /** The form may contain any other field of an application, too: what it leaves out has the defaults of its kind. */
  @Post('add')
  async add(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireEditor(request);
    const kind = clientKinds.find((each) => each === form.get('kind')) ?? 'web';
    const blank = withDefaultsOf(kind, blankClientForm(context.user.username));
    // A list without rows sends no field: a form that asks for the kind of application has the list.
    const names = form.has('kind') ? [...form.names, 'redirectUri'] : form.names;
    const sent = readClientForm(form, blank, fieldsChangedBy(undefined, names));
    // The page hides the question for kinds without redirects.
    const values = hasRedirects(kind) || form.has('grantType') ? sent : { ...sent, redirectUris: [] };
    const view = { kind, values };
    if (refusal) return this.pages.showNew(context, { ...view, status: 403, error: text(refusal.id) });
    const changed = changeLists(values, form.get('action') ?? 'save');
    if (changed) return this.pages.showNew(context, { kind, ...changed });
    const owner = await this.ownerOf(context, values);
    const { properties, problems: unread, inForm } = toInput(values, () => true);
    const input = {
      properties: { ...properties, ownerId: 'problem' in owner ? undefined : owner.id },
      unread: 'problem' in owner ? [...unread, owner.problem] : unread,
    };
    const saved = await this.operations.execute(CreateClient, input, { context, form });
    if ('refusal' in saved)
      return this.pages.showNew(context, { ...view, ...saved.refusal, problems: saved.refusal.problems.map(inForm) });
    const { client, secret } = saved.result;
    if (secret !== undefined) return this.pages.showSecret(context, client, secret, undefined);
    return Reply.redirect(`${addressOfClient(client.id)}?done=created`, { cookies: context.cookies });
  }

  @Get('update/:id')
  async overview(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireEditor(request);
    return this.pages.show(context, await this.getClient(context, request), 'overview');
  }

  @Get('update/:id/:page')
  async page(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireEditor(request);
    const client = await this.getClient(context, request);
    const page = clientPages.find((each) => each === request.params['page']);
    if (page === undefined) throw new PageError('page.not_found');
    return this.pages.show(context, client, page);
  }

  /** The forms of all pages of an application; `tab` says which one it is. */
  @Post('update/:id')
  async update(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireEditor(request);
    const client = await this.getClient(context, request);
    const changes = fieldsChangedBy(form.get('tab'), form.names);
    const before = clientFormOf(client, await this.pages.ownerName(client));
    return this.save(context, client, { form, values: readClientForm(form, before, changes), changes, refusal });
  }

  private async save(context: UserRequestContext, before: Client, posted: Posted): Promise<Reply> {
    const { form, values, changes, refusal } = posted;
    const tab = clientTabs.find((each) => each === form.get('tab')) ?? 'overview';
    const revision = form.get('revision');
    if (refusal)
      return this.pages.show(context, before, tab, { values, status: 403, error: text(refusal.id), revision });
    const changed = changeLists(values, form.get('action') ?? 'save');
    if (changed) return this.pages.show(context, before, tab, { ...changed, status: 200, revision });
    const owner = changes('owner') ? await this.ownerOf(context, values) : undefined;
    const { properties, problems: unread, inForm } = toInput(values, changes);
    const input = {
      id: before.id,
      revision: revision ?? revisionOf(before),
      properties: owner === undefined || 'problem' in owner ? properties : { ...properties, ownerId: owner.id },
      unread: owner !== undefined && 'problem' in owner ? [...unread, owner.problem] : unread,
    };
    const saved = await this.operations.execute(UpdateClient, input, { context, form });
    if ('refusal' in saved) {
      const view = { values, ...saved.refusal, problems: saved.refusal.problems.map(inForm) };
      // After a conflict, saving again overwrites the current state.
      return this.pages.show(context, before, tab, saved.refusal.status === 409 ? view : { ...view, revision });
    }
    const { client, secret } = saved.result;
    const old = secretNeed(before) === 'none' ? undefined : text('clients.overlap.noneDone');
    if (secret !== undefined) return this.pages.showSecret(context, client, secret, old);
    return Reply.redirect(`${addressOfClient(client.id, tab)}?done=saved`, { cookies: context.cookies });
  }

  /** Only administrators set the owner; the field is ignored from developers. */
  private async ownerOf(
    context: UserRequestContext,
    values: ClientFormValues,
  ): Promise<{ readonly id: string | undefined } | { readonly problem: FieldProblem }> {
    if (!canAdminister(context) || values.owner === '') return { id: undefined };
    const owner = await this.users.findByUsername(values.owner);
    return owner ? { id: owner.id } : { problem: { field: 'owner', message: text('clients.problem.owner') } };
  }

  private async requireEditor(request: WebRequest): Promise<UserRequestContext> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin', 'developer');
    return context;
  }

  private getClient(context: UserRequestContext, request: WebRequest): Promise<Client> {
    return this.pages.open(context, request.params['id']);
  }
}
