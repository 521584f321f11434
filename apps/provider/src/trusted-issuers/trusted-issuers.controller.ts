import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { jwtBearerGrant, type SubjectKind, type TrustedIssuer, type TrustedIssuerDraft } from '@gatehouse/domain/oauth';
import type { Form } from '@gatehouse/platform/http/form';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { ClientsService } from '../clients/clients.service.js';
import { ResourcesService } from '../resources/resources.service.js';
import { problemModel, type FieldProblem } from '../web/form-errors.js';
import { PageError } from '../web/page-error.js';
import { revisionOf } from '../web/revision.js';
import { noticeModel } from '../web/notice.js';
import { routes } from '../web/routes.js';
import { text, type Message, type Text } from '../i18n/message.js';
import { PageOperations } from '../users/page-operations.service.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { CreateIssuer } from './operations/create-issuer.js';
import { DeleteIssuer } from './operations/delete-issuer.js';
import { UpdateIssuer } from './operations/update-issuer.js';
import { TrustedIssuers } from './trusted-issuers.service.js';

const notices: Readonly<Record<string, Text>> = {
  created: text('issuers.notice.created'),
  saved: text('issuers.notice.saved'),
  deleted: text('issuers.notice.deleted'),
};

const subjectLabels: Readonly<Record<SubjectKind, Text>> = {
  username: text('issuers.subject.username'),
  email: text('issuers.subject.email'),
  id: text('issuers.subject.id'),
};

const maxCharacters = 50_000;
/** Applications in the form; others are added by the API or the command line. */
const maxOffered = 200;

/** The form as submitted. */
interface IssuerForm {
  readonly issuer: string;
  readonly name: string;
  readonly jwksUri: string;
  readonly jwks: string;
  readonly subject: string;
  readonly clients: readonly string[];
  readonly scope: string;
  readonly resources: readonly string[];
}

/** In the order of the form. */
const blank: IssuerForm = {
  name: '',
  issuer: '',
  jwksUri: '',
  jwks: '',
  subject: 'email',
  clients: [],
  scope: '',
  resources: [],
};

interface FormView {
  readonly values: IssuerForm;
  readonly problems?: readonly FieldProblem[];
  readonly error?: Message;
  readonly status?: number;
  /** The revision that the form is based on; by default the current one. */
  readonly revision?: string | undefined;
}

/** Pages for administrators to list, add, edit and delete trusted issuers. */
@Controller(routes.issuers)
export class TrustedIssuersController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(TrustedIssuers) private readonly issuers: TrustedIssuers,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
  ) {}

  @Get()
  async list(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireAdmin(request);
    const all = await this.issuers.all();
    const names = await this.clients.names(all.flatMap(({ clients }) => clients));
    return this.contexts.page(context, 'trusted-issuers/list', {
      issuers: all.map(({ id, name, issuer, subject, clients, scope, createdAt }) => ({
        id,
        name,
        issuer,
        subject: subjectLabels[subject],
        clients: clients.map((each) => names.get(each) ?? each),
        scope,
        createdAt,
      })),
      ...noticeModel(notices, query(request).text('done')),
    });
  }

  @Get('add')
  async addForm(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.requireAdmin(request), undefined, { values: blank });
  }

  @Post('add')
  async add(@Req() request: WebRequest): Promise<Reply> {
    return this.save(request, () => Promise.resolve(undefined));
  }

  @Get('update/:id')
  async updateForm(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireAdmin(request);
    const trusted = await this.getIssuer(request);
    return this.show(context, trusted, { values: formOf(trusted) });
  }

  @Post('update/:id')
  async update(@Req() request: WebRequest): Promise<Reply> {
    return this.save(request, () => this.getIssuer(request));
  }

  @Post('delete/:id')
  async remove(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdmin(request);
    const trusted = await this.getIssuer(request);
    const values = formOf(trusted);
    if (refusal) return this.show(context, trusted, { values, status: 403, error: text(refusal.id) });
    if (form.text('confirm').trim() !== trusted.name) {
      const problems = [{ field: 'confirm', message: text('clients.problem.confirm') }];
      return this.show(context, trusted, { values, problems, status: 422 });
    }
    const outcome = await this.operations.execute(DeleteIssuer, { id: trusted.id }, { context, form });
    if ('refusal' in outcome) return this.show(context, trusted, { values, ...outcome.refusal });
    return Reply.redirect(`${routes.issuers}?done=deleted`, { cookies: context.cookies });
  }

  private async save(request: WebRequest, find: () => Promise<TrustedIssuer | undefined>): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdmin(request);
    const before = await find();
    const values = form.names.length > 0 ? readForm(form) : before ? formOf(before) : blank;
    const revision = form.get('revision');
    if (refusal) return this.show(context, before, { values, status: 403, error: text(refusal.id), revision });
    const { draft, problem } = draftOf(values);
    if (problem) return this.show(context, before, { values, problems: [problem], status: 422, revision });
    const saved = before
      ? await this.operations.execute(UpdateIssuer, { id: before.id, draft, revision }, { context, form })
      : await this.operations.execute(CreateIssuer, draft, { context, form });
    if ('refusal' in saved) {
      const view = { values, ...saved.refusal, problems: saved.refusal.problems.map(inForm) };
      // After a conflict, saving again overwrites the current state.
      return this.show(context, before, saved.refusal.status === 409 ? view : { ...view, revision });
    }
    const done = before ? 'saved' : 'created';
    return Reply.redirect(`${routes.issuers}/update/${saved.result.id}?done=${done}`, { cookies: context.cookies });
  }

  private async show(context: UserRequestContext, trusted: TrustedIssuer | undefined, view: FormView): Promise<Reply> {
    const clients = await this.clients.listWithGrant(jwtBearerGrant, maxOffered);
    const resources = await this.resources.all();
    return this.contexts.page(
      context,
      'trusted-issuers/edit',
      {
        heading: trusted ? trusted.name : text('issuers.add'),
        submit: text(trusted ? 'clients.save' : 'issuers.add'),
        action: trusted ? `${routes.issuers}/update/${trusted.id}` : `${routes.issuers}/add`,
        trusted: trusted && {
          id: trusted.id,
          name: trusted.name,
          revision: view.revision ?? revisionOf(trusted),
        },
        values: view.values,
        clients: offered(
          view.values.clients,
          clients.map(({ id, name }) => ({ value: id, label: name })),
        ),
        resources: offered(
          view.values.resources,
          resources.map(({ identifier, name }) => ({ value: identifier, label: name })),
        ),
        subjects: Object.entries(subjectLabels).map(([value, label]) => ({ value, label })),
        ...problemModel(view.problems ?? [], Object.keys(blank)),
        error: view.error,
        ...(view.status === undefined ? noticeModel(notices, query(context.request).text('done')) : {}),
      },
      { status: view.status ?? 200 },
    );
  }

  private async requireAdmin(request: WebRequest): Promise<UserRequestContext> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin');
    return context;
  }

  /** @throws PageError record.not_found */
  private async getIssuer(request: WebRequest): Promise<TrustedIssuer> {
    const id = request.params['id'] ?? '';
    const trusted = id.length <= 200 ? await this.issuers.findFresh(id) : undefined;
    if (!trusted) throw new PageError('record.not_found');
    return trusted;
  }
}

interface Offered {
  readonly value: string;
  readonly label: string;
}

/** What the form offers to choose, each with its identifier; what is chosen but is not (or no longer) offered comes last. */
function offered(
  chosen: readonly string[],
  all: readonly Offered[],
): readonly (Offered & { readonly hint?: string })[] {
  const others = chosen.filter((value) => !all.some((each) => each.value === value));
  return [...all.map((each) => ({ ...each, hint: each.value })), ...others.map((value) => ({ value, label: value }))];
}

function splitWords(typed: string): string[] {
  return typed.split(/\s+/).filter((each) => each !== '');
}

/** Lists are single fields in the form. */
function inForm({ field, message }: FieldProblem): FieldProblem {
  return { field: field.split('.')[0] ?? field, message };
}

function readForm(form: Form): IssuerForm {
  const valueOf = (name: string): string => form.text(name).slice(0, maxCharacters);
  // One in each field, or several in one.
  const wordsOf = (name: string): string[] => splitWords(form.all(name).join('\n').slice(0, maxCharacters));
  return {
    issuer: valueOf('issuer'),
    name: valueOf('name'),
    jwksUri: valueOf('jwksUri'),
    jwks: valueOf('jwks'),
    subject: valueOf('subject'),
    clients: wordsOf('clients'),
    scope: valueOf('scope'),
    resources: wordsOf('resources'),
  };
}

function formOf(trusted: TrustedIssuer): IssuerForm {
  return {
    issuer: trusted.issuer,
    name: trusted.name,
    jwksUri: trusted.jwksUri ?? '',
    jwks: trusted.jwks === undefined ? '' : JSON.stringify(trusted.jwks, undefined, 2),
    subject: trusted.subject,
    clients: trusted.clients,
    scope: trusted.scope.join(' '),
    resources: trusted.resources,
  };
}

function draftOf(values: IssuerForm): { readonly draft: TrustedIssuerDraft; readonly problem?: FieldProblem } {
  const draft = {
    issuer: values.issuer,
    name: values.name,
    jwksUri: values.jwksUri,
    subject: values.subject,
    clients: values.clients,
    scope: splitWords(values.scope),
    resources: values.resources,
  };
  if (values.jwks.trim() === '') return { draft };
  try {
    const jwks: unknown = JSON.parse(values.jwks);
    if (typeof jwks !== 'object' || jwks === null || Array.isArray(jwks)) throw new TypeError('not an object');
    return { draft: { ...draft, jwks: jwks as Record<string, unknown> } };
  } catch {
    return { draft, problem: { field: 'jwks', message: text('clients.problem.json') } };
  }
}
