import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { jwsAlgorithms } from '@gatehouse/domain/jose';
import type { Resource } from '@gatehouse/domain/oauth';
import type { Form } from '@gatehouse/platform/http/form';
import { PageForms, type FormRejection } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { problemModel, type FieldProblem } from '../web/form-errors.js';
import { listFieldModel } from '../web/list-fields.js';
import { PageError } from '../web/page-error.js';
import { revisionOf } from '../web/revision.js';
import { noticeModel } from '../web/notice.js';
import { routes } from '../web/routes.js';
import { text, type Message, type Text } from '../i18n/message.js';
import { PageOperations } from '../users/page-operations.service.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { CreateResource } from './operations/create-resource.js';
import { DeleteResource } from './operations/delete-resource.js';
import { UpdateResource } from './operations/update-resource.js';
import {
  blankResourceForm,
  changeScopes,
  readResourceForm,
  resourceFormOf,
  scopeList,
  toResourceDraft,
  type ResourceFormValues,
} from './resource-form.js';
import { ResourcesService } from './resources.service.js';

const notices: Readonly<Record<string, Text>> = {
  created: text('resources.notice.created'),
  saved: text('resources.notice.saved'),
  deleted: text('resources.notice.deleted'),
  refused: text('clients.notice.refused'),
};

const formats = [
  { value: 'jwt', label: text('resources.format.jwt'), hint: text('resources.format.jwtHint') },
  { value: 'opaque', label: text('resources.format.opaque'), hint: text('resources.format.opaqueHint') },
] as const;

const accesses = [
  { value: 'consent', label: text('resources.access.consent'), hint: text('resources.access.consentHint') },
  { value: 'anyone', label: text('resources.access.anyone'), hint: text('resources.access.anyoneHint') },
] as const;

interface FormView {
  readonly values: ResourceFormValues;
  readonly problems?: readonly FieldProblem[];
  readonly focus?: string;
  readonly error?: Message;
  readonly status?: number;
  /** The revision that the form is based on; by default the current one. */
  readonly revision?: string | undefined;
}

interface Posted {
  readonly form: Form;
  readonly values: ResourceFormValues;
  readonly action: string;
  readonly refusal: FormRejection | undefined;
  readonly revision?: string | undefined;
}

/** Pages for administrators to list, add, edit and delete APIs. */
@Controller(routes.resources)
export class ResourcesController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
  ) {}

  @Get()
  async list(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireAdmin(request);
    const all = await this.resources.all();
    return this.contexts.page(context, 'resources/list', {
      resources: all.map((resource) => ({
        ...resource,
        format: formats.find(({ value }) => value === resource.tokenFormat)?.label,
        scopeNames: resource.scopes.map(({ name }) => name),
      })),
      count: text('resources.count', { count: all.length }),
      ...noticeModel(notices, query(request).text('done')),
    });
  }

  @Get('add')
  async addForm(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.requireAdmin(request), undefined, { values: blankResourceForm });
  }

  @Post('add')
  async add(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdmin(request);
    const values = form.names.length > 0 ? readResourceForm(form) : blankResourceForm;
    return this.save(context, undefined, { form, values, action: form.get('action') ?? 'save', refusal });
  }

  @Get('update/:id')
  async updateForm(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireAdmin(request);
    const resource = await this.getResource(request);
    return this.show(context, resource, { values: resourceFormOf(resource) });
  }

  @Post('update/:id')
  async update(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdmin(request);
    const resource = await this.getResource(request);
    const values = form.names.length > 0 ? readResourceForm(form) : resourceFormOf(resource);
    const revision = form.get('revision');
    return this.save(context, resource, { form, values, action: form.get('action') ?? 'save', refusal, revision });
  }

  @Get('delete/:id')
  async removeForm(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireAdmin(request);
    return this.showRemoval(context, await this.getResource(request), '');
  }

  @Post('delete/:id')
  async remove(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdmin(request);
    const resource = await this.getResource(request);
    const typed = form.text('name').trim();
    if (refusal) return this.showRemoval(context, resource, typed, { status: 403, error: text(refusal.id) });
    if (typed !== resource.name)
      return this.showRemoval(context, resource, typed, { status: 422, problem: text('clients.problem.confirm') });
    const outcome = await this.operations.execute(DeleteResource, { id: resource.id }, { context, form });
    if ('refusal' in outcome) return this.showRemoval(context, resource, typed, outcome.refusal);
    return Reply.redirect(`${routes.resources}?done=deleted`, { cookies: context.cookies });
  }

  private async save(context: UserRequestContext, before: Resource | undefined, posted: Posted): Promise<Reply> {
    const { values, refusal, revision } = posted;
    if (refusal) return this.show(context, before, { values, status: 403, error: text(refusal.id), revision });
    const changed = changeScopes(values, posted.action);
    if (changed) return this.show(context, before, { ...changed, revision });
    const { draft, inForm } = toResourceDraft(values);
    const submission = { context, form: posted.form };
    const saved = before
      ? await this.operations.execute(UpdateResource, { id: before.id, draft, revision }, submission)
      : await this.operations.execute(CreateResource, draft, submission);
    if ('refusal' in saved) {
      const view = { values, ...saved.refusal, problems: saved.refusal.problems.map(inForm) };
      // After a conflict, saving again overwrites the current state.
      return this.show(context, before, saved.refusal.status === 409 ? view : { ...view, revision });
    }
    const done = before ? 'saved' : 'created';
    return Reply.redirect(`${routes.resources}/update/${saved.result.id}?done=${done}`, { cookies: context.cookies });
  }

  private show(context: UserRequestContext, resource: Resource | undefined, view: FormView): Reply {
    const { values } = view;
    const model = problemModel(view.problems ?? []);
    const focused = model.firstProblem ?? view.focus;
    return this.contexts.page(
      context,
      'resources/edit',
      {
        heading: resource ? resource.name : text('resources.add'),
        submit: text(resource ? 'clients.save' : 'resources.add'),
        action: resource ? `${routes.resources}/update/${resource.id}` : `${routes.resources}/add`,
        resource: resource && { ...resource, revision: view.revision ?? revisionOf(resource) },
        values,
        scopes: listFieldModel(
          scopeList,
          values.scopes.map(({ name, sentence }) => ({ value: name, detail: sentence })),
          { problems: model.problems, focused },
        ),
        usesListFields: true,
        formats,
        accesses,
        algorithms: jwsAlgorithms.map((name) => ({ value: name, label: name })),
        ...model,
        focused,
        error: view.error,
        ...(view.status === undefined ? noticeModel(notices, query(context.request).text('done')) : {}),
      },
      { status: view.status ?? 200 },
    );
  }

  private showRemoval(
    context: UserRequestContext,
    resource: Resource,
    typed: string,
    view: { readonly status?: number; readonly error?: Message; readonly problem?: Message } = {},
  ): Reply {
    return this.contexts.page(
      context,
      'resources/delete',
      {
        resource: { id: resource.id, name: resource.name },
        cancel: `${routes.resources}/update/${resource.id}`,
        typed,
        ...problemModel(view.problem === undefined ? [] : [{ field: 'name', message: view.problem }]),
        error: view.error,
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
  private async getResource(request: WebRequest): Promise<Resource> {
    const id = request.params['id'] ?? '';
    const resource = id.length <= 200 ? await this.resources.findFresh(id) : undefined;
    if (!resource) throw new PageError('record.not_found');
    return resource;
  }
}
