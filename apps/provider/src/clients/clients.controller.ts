import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { ownerMayReplaceCredentials, secretNeed, type Client } from '@gatehouse/domain/oauth';
import type { Form } from '@gatehouse/platform/http/form';
import { PageForms, type FormRejection } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { formatCursor, parseCursor } from '../web/cursor.js';
import type { FieldProblem } from '../web/form-errors.js';
import { revisionOf } from '../web/revision.js';
import { routes } from '../web/routes.js';
import type { Message } from '../i18n/message.js';
import { canAdminister, canAudit } from '../users/actor.js';
import { PageOperations } from '../users/page-operations.service.js';
import { UsersService } from '../users/users.service.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { ClientOrigins } from './client-origins.service.js';
import { getEditable } from './client-access.js';
import {
  blankClientForm,
  changeLists,
  clientFormOf,
  readClientForm,
  toInput,
  type ClientFormValues,
} from './client-form.js';
import { clientFormModel, clientLine } from './client-form-page.js';
import { ClientUsage } from './client-usage.js';
import {
  clientCursorShape,
  clientSortOrders,
  clientStates,
  type ClientSortOrder,
  type ClientState,
} from './client-sort-orders.js';
import { ClientStates } from './client-states.service.js';
import { ClientsService } from './clients.service.js';
import { CreateClient } from './operations/create-client.js';
import { DeleteClient } from './operations/delete-client.js';
import { RotateClientSecret } from './operations/rotate-client-secret.js';
import { UpdateClient } from './operations/update-client.js';

const pageSize = 25;

/** How long the old secret stays valid after a rotation. The first is preselected: enough time to deploy the new one. */
const overlaps = [
  { seconds: 86_400, words: 'Goes on for 1 day' },
  { seconds: 7 * 86_400, words: 'Goes on for 7 days' },
  { seconds: 3600, words: 'Goes on for 1 hour' },
  { seconds: 0, words: 'Ends now, with the tokens that the client got for itself' },
];

const notices: Readonly<Record<string, string>> = {
  created: 'The client was added.',
  saved: 'The client was saved.',
  deleted: 'The client was deleted, and all its grants and tokens ended.',
  changed: 'Done.',
  none: 'Nothing was chosen, so nothing was changed.',
  outdated:
    'The client changed after this page was shown, so it was not approved. Review its current state, then approve it.',
  'some-outdated':
    'Some of the chosen clients changed after this list was shown, so they were not approved. Review their current state, then approve them.',
  refused: 'The form was open for too long. Nothing was changed: please try again.',
};

const stateLabels: Readonly<Record<ClientState, string>> = {
  new: 'Not approved yet',
  approved: 'Approved',
  restricted: 'Restricted',
  disabled: 'Disabled',
};

const orderLabels: Readonly<Record<ClientSortOrder, string>> = { name: 'By name', newest: 'Newest first' };

function filterQuery(search: string, state: ClientState | undefined, order: ClientSortOrder): string {
  return new URLSearchParams({
    ...(search ? { q: search } : {}),
    ...(state ? { state } : {}),
    ...(order === 'name' ? {} : { order }),
  }).toString();
}

interface FormView {
  readonly values: ClientFormValues;
  readonly problems?: readonly FieldProblem[];
  readonly focus?: string;
  readonly error?: Message;
  readonly status?: number;
  /** The revision that the form is based on; by default the current one. */
  readonly revision?: string | undefined;
}

interface Posted {
  readonly form: Form;
  readonly values: ClientFormValues;
  readonly action: string;
  readonly refusal: FormRejection | undefined;
  readonly revision?: string | undefined;
}

/** Pages to list, add, edit and delete clients, and to rotate their secrets. Administrators see all, developers their own. */
@Controller(routes.clients)
// eslint-disable-next-line local/max-injected-dependencies -- a page of clients shows owner, origins, state and use, each from its own service
export class ClientsController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(ClientOrigins) private readonly origins: ClientOrigins,
    @Inject(ClientStates) private readonly states: ClientStates,
    @Inject(ClientUsage) private readonly usage: ClientUsage,
  ) {}

  @Get()
  async list(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireEditor(request);
    const parameters = query(request);
    const search = parameters.text('q').trim().slice(0, 200);
    const state = clientStates.find((each) => each === parameters.get('state'));
    const order = clientSortOrders.find((each) => each === parameters.get('order')) ?? 'name';
    const after = parseCursor(parameters.text('after'), clientCursorShape(order));
    const { clients, next } = await this.clients.list({
      ownerId: canAudit(context) ? undefined : context.user.id,
      search: search || undefined,
      state,
      order,
      after,
      limit: pageSize,
    });
    const owners = await this.users.names(clients.flatMap((client) => client.ownerId ?? []));
    return this.contexts.page(context, 'clients/list', {
      search,
      state,
      states: clientStates.map((each) => ({ name: each, words: stateLabels[each], chosen: each === state })),
      orderChoices: clientSortOrders.map((each) => ({ order: each, words: orderLabels[each], chosen: each === order })),
      filterQuery: filterQuery(search, state, order),
      clients: clients.map((client) => clientLine(client, owners)),
      newcomers: state === 'new' && canAudit(context) ? await this.reviewModels(clients) : undefined,
      isFirst: after === undefined,
      next: next && formatCursor(next),
      notice: notices[parameters.text('done')],
    });
  }

  /** What an administrator needs to review dynamically registered clients. */
  private async reviewModels(clients: readonly Client[]): Promise<object[]> {
    const ids = clients.map(({ id }) => id);
    const origins = await this.states.originsOf(ids);
    const people = await this.usage.countPeople(ids);
    return clients.map((client) => {
      const origin = origins.get(client.id);
      return {
        ...clientLine(client, new Map()),
        source: client.source === 'metadata_document' ? 'its document' : 'registration',
        registeredAddress: origin?.registeredAddress,
        createdAt: client.createdAt,
        lastUsedAt: origin?.lastUsedAt,
        goesAt: origin?.goesAt,
        people: people.get(client.id) ?? 0,
      };
    });
  }

  @Get('add')
  async addForm(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireEditor(request);
    return this.show(context, undefined, { values: blankClientForm(context.user.username) });
  }

  @Post('add')
  async add(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireEditor(request);
    const values = form.names.length > 0 ? readClientForm(form) : blankClientForm(context.user.username);
    return this.save(context, undefined, { form, values, action: form.get('action') ?? 'save', refusal });
  }

  @Get('update/:id')
  async updateForm(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireEditor(request);
    const client = await this.getClient(context, request);
    return this.show(context, client, { values: clientFormOf(client, await this.ownerName(client)) });
  }

  @Post('update/:id')
  async update(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireEditor(request);
    const client = await this.getClient(context, request);
    const values = form.names.length > 0 ? readClientForm(form) : clientFormOf(client, await this.ownerName(client));
    const revision = form.get('revision');
    return this.save(context, client, { form, values, action: form.get('action') ?? 'save', refusal, revision });
  }

  @Get('delete/:id')
  async removeForm(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireEditor(request);
    return this.showRemoval(context, await this.getClient(context, request), '');
  }

  @Post('delete/:id')
  async remove(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireEditor(request);
    const client = await this.getClient(context, request);
    const typed = form.text('name').trim();
    if (refusal) return this.showRemoval(context, client, typed, { status: 403, error: refusal.sentence });
    if (typed !== client.name)
      return this.showRemoval(context, client, typed, { status: 422, problem: 'This is not its name.' });
    const outcome = await this.operations.execute(DeleteClient, { id: client.id }, { context, form });
    if ('refusal' in outcome) return this.showRemoval(context, client, typed, outcome.refusal);
    return Reply.redirect(`${routes.clients}?done=deleted`, { cookies: context.cookies });
  }

  /** The target of the redirect after a required sign-in. */
  @Get('secret/:id')
  async secretForm(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireEditor(request);
    const client = await this.getClient(context, request);
    return Reply.redirect(`${routes.clients}/update/${encodeURIComponent(client.id)}#secret`, {
      cookies: context.cookies,
    });
  }

  @Post('secret/:id')
  async rotateSecret(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireEditor(request);
    const client = await this.getClient(context, request);
    const overlap = overlaps.find(({ seconds }) => String(seconds) === form.get('overlap'));
    const values = clientFormOf(client, await this.ownerName(client));
    if (refusal || !overlap) {
      if (refusal) return this.show(context, client, { values, status: 403, error: refusal.sentence });
      return this.show(context, client, { values, status: 422, error: 'Choose how long the old secret goes on.' });
    }
    const input = { id: client.id, overlapSeconds: overlap.seconds };
    const rotated = await this.operations.execute(RotateClientSecret, input, { context, form });
    if ('refusal' in rotated) return this.show(context, client, { values, ...rotated.refusal });
    return this.showSecret(context, client, rotated.result, `The old secret: ${overlap.words.toLowerCase()}.`);
  }

  private async save(context: UserRequestContext, before: Client | undefined, posted: Posted): Promise<Reply> {
    const { values, refusal, revision } = posted;
    if (refusal) return this.show(context, before, { values, status: 403, error: refusal.sentence, revision });
    const changed = changeLists(values, posted.action);
    if (changed) return this.show(context, before, { ...changed, revision });
    const owner = await this.ownerOf(context, values);
    const { properties, problems: unread, inForm } = toInput(values);
    const input = {
      properties: { ...properties, ownerId: 'problem' in owner ? undefined : owner.id },
      unread: 'problem' in owner ? [...unread, owner.problem] : unread,
    };
    const submission = { context, form: posted.form };
    const saved = before
      ? await this.operations.execute(
          UpdateClient,
          { ...input, id: before.id, revision: revision ?? revisionOf(before) },
          submission,
        )
      : await this.operations.execute(CreateClient, input, submission);
    if ('refusal' in saved) {
      const view = { values, ...saved.refusal, problems: saved.refusal.problems.map(inForm) };
      // After a conflict, saving again overwrites the current state.
      return this.show(context, before, saved.refusal.status === 409 ? view : { ...view, revision });
    }
    const { client, secret } = saved.result;
    const old = before && secretNeed(before) !== 'none' ? 'The old secret has ended.' : undefined;
    if (secret !== undefined) return this.showSecret(context, client, secret, old);
    const done = before ? 'saved' : 'created';
    return Reply.redirect(`${routes.clients}/update/${encodeURIComponent(client.id)}?done=${done}`, {
      cookies: context.cookies,
    });
  }

  /** Only administrators set the owner; the field is ignored from developers. */
  private async ownerOf(
    context: UserRequestContext,
    values: ClientFormValues,
  ): Promise<{ readonly id: string | undefined } | { readonly problem: FieldProblem }> {
    if (!canAdminister(context) || values.owner === '') return { id: undefined };
    const owner = await this.users.findByUsername(values.owner);
    return owner ? { id: owner.id } : { problem: { field: 'owner', message: 'There is no user of this name.' } };
  }

  private async show(context: UserRequestContext, client: Client | undefined, view: FormView): Promise<Reply> {
    const hasSecret = client !== undefined && secretNeed(client) !== 'none';
    const secrets = hasSecret ? await this.clients.listSecrets(client.id, context.now) : [];
    return this.contexts.page(
      context,
      'clients/edit',
      {
        heading: client ? client.name : 'Add a client',
        action: client ? `${routes.clients}/update/${encodeURIComponent(client.id)}` : `${routes.clients}/add`,
        client: client && {
          id: client.id,
          hasSecret,
          mayRotate: mayReplaceCredentials(context, client),
          secrets,
          revision: view.revision ?? revisionOf(client),
          // Only when the page shows the stored client, not submitted values.
          approval: view.status === undefined && view.revision === undefined ? revisionOf(client) : undefined,
          ...(await this.origins.model(client, context.now)),
        },
        ...clientFormModel({ values: view.values, problems: view.problems ?? [], focus: view.focus }),
        overlaps,
        error: view.error,
        notice: view.status === undefined ? notices[query(context.request).text('done')] : undefined,
      },
      { status: view.status ?? 200 },
    );
  }

  private showSecret(context: UserRequestContext, client: Client, secret: string, old: string | undefined): Reply {
    return this.contexts.page(context, 'clients/secret', { client: { id: client.id, name: client.name }, secret, old });
  }

  private showRemoval(
    context: UserRequestContext,
    client: Client,
    typed: string,
    view: { readonly status?: number; readonly error?: Message; readonly problem?: string } = {},
  ): Reply {
    return this.contexts.page(
      context,
      'clients/delete',
      {
        client: { id: client.id, name: client.name },
        typed,
        problem: view.problem,
        error: view.error,
        firstProblem: view.problem && 'name',
      },
      { status: view.status ?? 200 },
    );
  }

  private async requireEditor(request: WebRequest): Promise<UserRequestContext> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin', 'developer');
    return context;
  }

  private getClient(context: UserRequestContext, request: WebRequest): Promise<Client> {
    return getEditable(this.clients, context, request.params['id'] ?? '');
  }

  private async ownerName(client: Client): Promise<string> {
    if (client.ownerId === undefined) return '';
    return (await this.users.names([client.ownerId])).get(client.ownerId) ?? '';
  }
}

/** With the secret of a client with a gatehouse scope, its owner would gain administrator rights. */
function mayReplaceCredentials(context: UserRequestContext, client: Client): boolean {
  return canAudit(context) || ownerMayReplaceCredentials(client);
}
