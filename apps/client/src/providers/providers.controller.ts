import { Controller, Get, Inject, Param, Post, Req } from '@nestjs/common';
import { jwsAlgorithms } from '@gatehouse/domain/jose';
import { Store, type Unit } from '@gatehouse/platform/database/store';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { text, type Text } from '../i18n/message.js';
import { Pages } from '../web/pages.service.js';
import { PageError } from '../web/page-error.js';
import { providerPaths, routes } from '../web/routes.js';
import {
  RequestContexts,
  type PostedRequestContext,
  type RequestContext,
} from '../session/request-contexts.service.js';
import { ProviderAdmins } from './provider-admins.service.js';
import {
  checkFields,
  emptyFields,
  fieldsOf,
  providerFieldNames,
  readFields,
  type ProviderFields,
  type ProviderProblems,
} from './provider-form.js';
import { ProviderDiscovery } from './provider-discovery.service.js';
import { maxProviders, type Provider } from './provider.js';
import { ProvidersService, type ProviderDraft } from './providers.service.js';

interface FormPageOptions {
  readonly fields: ProviderFields;
  readonly problems?: ProviderProblems;
  readonly provider?: Provider | undefined;
  readonly refusal?: Text | undefined;
  readonly status?: number;
}

/** The pages of the provider list, for users with the admin password or the role. */
@Controller(routes.providers)
export class ProvidersController {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(Pages) private readonly pages: Pages,
    @Inject(ProviderAdmins) private readonly admins: ProviderAdmins,
    @Inject(ProvidersService) private readonly providers: ProvidersService,
    @Inject(ProviderDiscovery) private readonly discovery: ProviderDiscovery,
  ) {}

  @Get()
  async list(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.open(request);
    if (!(await this.admins.admits(context))) return this.redirectToUnlock(context, routes.providers);
    const rows = (await this.providers.list()).map((provider) => ({
      ...providerModel(provider),
      paths: providerPaths(provider.id),
    }));
    return this.pages.page(context, 'providers/list', { rows, full: rows.length >= maxProviders });
  }

  @Get('add')
  async addForm(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.open(request);
    if (!(await this.admins.admits(context))) return this.redirectToUnlock(context, routes.addProvider);
    return this.form(context, { fields: emptyFields });
  }

  @Post('add')
  async add(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.post(request);
    if (!(await this.admins.admits(context))) return this.redirectToUnlock(context, routes.addProvider);
    return this.save(context, undefined);
  }

  @Get('update/:id')
  async updateForm(@Req() request: WebRequest, @Param('id') id: string): Promise<Reply> {
    const context = await this.contexts.open(request);
    if (!(await this.admins.admits(context))) return this.redirectToUnlock(context, providerPaths(id).edit);
    const provider = await this.get(id);
    return this.form(context, { fields: fieldsOf(provider), provider });
  }

  @Post('update/:id')
  async update(@Req() request: WebRequest, @Param('id') id: string): Promise<Reply> {
    const context = await this.contexts.post(request);
    if (!(await this.admins.admits(context))) return this.redirectToUnlock(context, providerPaths(id).edit);
    return this.save(context, await this.get(id));
  }

  @Get('delete/:id')
  async deleteForm(@Req() request: WebRequest, @Param('id') id: string): Promise<Reply> {
    const context = await this.contexts.open(request);
    if (!(await this.admins.admits(context))) return this.redirectToUnlock(context, providerPaths(id).remove);
    return this.pages.page(context, 'providers/delete', {
      provider: providerModel(await this.get(id)),
      paths: providerPaths(id),
    });
  }

  @Post('delete/:id')
  async delete(@Req() request: WebRequest, @Param('id') id: string): Promise<Reply> {
    const context = await this.contexts.post(request);
    if (!(await this.admins.admits(context))) return this.redirectToUnlock(context, providerPaths(id).remove);
    const provider = await this.get(id);
    const { refusal } = context.posted;
    if (refusal) {
      const model = { provider: providerModel(provider), paths: providerPaths(id), refusal: text(refusal.id) };
      return this.pages.page(context, 'providers/delete', model, { status: 403 });
    }
    await this.store.run((unit) => this.providers.remove(unit, id));
    return this.pages.redirect(context, routes.providers);
  }

  private async save(context: PostedRequestContext, provider: Provider | undefined): Promise<Reply> {
    const { form, refusal } = context.posted;
    const isCrossOrigin = refusal?.id === 'form.origin';
    const fields = isCrossOrigin ? (provider ? fieldsOf(provider) : emptyFields) : readFields(form);
    if (refusal) return this.form(context, { fields, provider, refusal: text(refusal.id), status: 403 });
    const checked = checkFields(fields, provider);
    if ('problems' in checked) return this.form(context, { fields, provider, problems: checked.problems, status: 422 });
    const confirmed = await this.discovery.confirm(checked.draft, provider);
    if ('problem' in confirmed)
      return this.form(context, { fields, provider, problems: { issuer: confirmed.problem }, status: 422 });
    const saved = await this.store.run((unit) => this.write(unit, provider, confirmed.draft, context));
    if (!saved) throw new PageError(provider ? 'provider.not_found' : 'provider.limit');
    return this.pages.redirect(context, routes.providers);
  }

  private async write(
    unit: Unit,
    provider: Provider | undefined,
    draft: ProviderDraft,
    { now }: RequestContext,
  ): Promise<boolean> {
    if (provider) return this.providers.update(unit, provider, draft, now);
    return (await this.providers.add(unit, draft, now)) !== undefined;
  }

  private form(
    context: RequestContext,
    { fields, problems = {}, provider, refusal, status = 200 }: FormPageOptions,
  ): Reply {
    const invalid = providerFieldNames.filter((name) => problems[name] !== undefined);
    const model = {
      heading: provider ? text('providers.editTitle', { name: provider.name }) : text('providers.addTitle'),
      fields,
      problems,
      problemList: invalid.map((name) => ({ id: `f-${name}`, message: problems[name] })),
      firstProblem: invalid[0],
      refusal,
      provider: provider && providerModel(provider),
      hasSecret: provider?.clientSecret !== undefined,
      action: provider ? providerPaths(provider.id).edit : routes.addProvider,
      algorithms: [
        { value: '', label: text('providers.field.algorithmDefault') },
        ...jwsAlgorithms.map((value) => ({ value, label: value })),
      ],
      focus: invalid[0] ?? 'name',
      addresses: this.addressFacts(),
    };
    return this.pages.page(context, 'providers/form', model, { status });
  }

  private addressFacts(): readonly object[] {
    const { redirectUri, postLogoutRedirectUri } = this.pages.addresses;
    return [
      { label: text('providers.redirectUri'), copy: redirectUri },
      { label: text('providers.postLogoutRedirectUri'), copy: postLogoutRedirectUri },
    ];
  }

  private async get(id: string): Promise<Provider> {
    const provider = await this.providers.find(id);
    if (!provider) throw new PageError('provider.not_found');
    return provider;
  }

  private redirectToUnlock(context: RequestContext, next: string): Reply {
    return this.pages.redirect(context, `${routes.unlockProviders}?next=${encodeURIComponent(next)}`);
  }
}

function providerModel({ id, name, issuer, clientId, scope, seeded, clientSecret }: Provider): object {
  return { id, name, issuer, clientId, scope, seeded, publicClient: clientSecret === undefined };
}
