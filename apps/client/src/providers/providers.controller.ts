import { Controller, Get, Inject, Param, Post, Req } from '@nestjs/common';
import { jwsAlgorithms } from '@gatehouse/domain/jose';
import { Store, type Unit } from '@gatehouse/platform/database/store';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { Pages } from '../web/pages.service.js';
import { PageError } from '../web/page-error.js';
import { providerPaths, routes } from '../web/routes.js';
import { Visits, type PostedVisit, type Visit } from '../session/visits.service.js';
import { ProviderAdmins } from './provider-admins.service.js';
import {
  checkFields,
  emptyFields,
  fieldsOf,
  readFields,
  type ProviderFields,
  type ProviderProblems,
} from './provider-form.js';
import { ProviderDiscovery } from './provider-discovery.service.js';
import { mostProviders, type Provider } from './provider.js';
import { ProvidersService, type ProviderDraft } from './providers.service.js';

interface Shown {
  readonly fields: ProviderFields;
  readonly problems?: ProviderProblems;
  readonly provider?: Provider | undefined;
  readonly refusal?: string | undefined;
  readonly status?: number;
}

/** The pages of the provider list; for those who have the admin password or the role. */
@Controller(routes.providers)
export class ProvidersController {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(Pages) private readonly pages: Pages,
    @Inject(ProviderAdmins) private readonly admins: ProviderAdmins,
    @Inject(ProvidersService) private readonly providers: ProvidersService,
    @Inject(ProviderDiscovery) private readonly discovery: ProviderDiscovery,
  ) {}

  @Get()
  async list(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.open(request);
    if (!(await this.admins.admits(visit))) return this.unlockFirst(visit, routes.providers);
    const rows = (await this.providers.list()).map((provider) => ({
      ...shownProvider(provider),
      paths: providerPaths(provider.id),
    }));
    return this.pages.page(visit, 'providers/list', { rows, full: rows.length >= mostProviders });
  }

  @Get('add')
  async addForm(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.open(request);
    if (!(await this.admins.admits(visit))) return this.unlockFirst(visit, routes.addProvider);
    return this.form(visit, { fields: emptyFields });
  }

  @Post('add')
  async add(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.post(request);
    if (!(await this.admins.admits(visit))) return this.unlockFirst(visit, routes.addProvider);
    return this.save(visit, undefined);
  }

  @Get('update/:id')
  async updateForm(@Req() request: WebRequest, @Param('id') id: string): Promise<Reply> {
    const visit = await this.visits.open(request);
    if (!(await this.admins.admits(visit))) return this.unlockFirst(visit, providerPaths(id).edit);
    const provider = await this.get(id);
    return this.form(visit, { fields: fieldsOf(provider), provider });
  }

  @Post('update/:id')
  async update(@Req() request: WebRequest, @Param('id') id: string): Promise<Reply> {
    const visit = await this.visits.post(request);
    if (!(await this.admins.admits(visit))) return this.unlockFirst(visit, providerPaths(id).edit);
    return this.save(visit, await this.get(id));
  }

  @Get('delete/:id')
  async deleteForm(@Req() request: WebRequest, @Param('id') id: string): Promise<Reply> {
    const visit = await this.visits.open(request);
    if (!(await this.admins.admits(visit))) return this.unlockFirst(visit, providerPaths(id).remove);
    return this.pages.page(visit, 'providers/delete', {
      provider: shownProvider(await this.get(id)),
      paths: providerPaths(id),
    });
  }

  @Post('delete/:id')
  async delete(@Req() request: WebRequest, @Param('id') id: string): Promise<Reply> {
    const visit = await this.visits.post(request);
    if (!(await this.admins.admits(visit))) return this.unlockFirst(visit, providerPaths(id).remove);
    const provider = await this.get(id);
    const { refusal } = visit.posted;
    if (refusal) {
      const model = { provider: shownProvider(provider), paths: providerPaths(id), refusal: refusal.sentence };
      return this.pages.page(visit, 'providers/delete', model, { status: 403 });
    }
    await this.store.run((unit) => this.providers.remove(unit, id));
    return this.pages.redirect(visit, routes.providers);
  }

  private async save(visit: PostedVisit, provider: Provider | undefined): Promise<Reply> {
    const { form, refusal } = visit.posted;
    const foreign = refusal?.id === 'form.origin';
    const fields = foreign ? (provider ? fieldsOf(provider) : emptyFields) : readFields(form);
    if (refusal) return this.form(visit, { fields, provider, refusal: refusal.sentence, status: 403 });
    const checked = checkFields(fields, provider);
    if ('problems' in checked) return this.form(visit, { fields, provider, problems: checked.problems, status: 422 });
    const found = await this.discovery.confirm(checked.draft, provider);
    if ('problem' in found)
      return this.form(visit, { fields, provider, problems: { issuer: found.problem }, status: 422 });
    const saved = await this.store.run((unit) => this.write(unit, provider, found.draft, visit));
    if (!saved) throw new PageError(provider ? 'provider.not_found' : 'provider.limit');
    return this.pages.redirect(visit, routes.providers);
  }

  private async write(
    unit: Unit,
    provider: Provider | undefined,
    draft: ProviderDraft,
    { now }: Visit,
  ): Promise<boolean> {
    if (provider) return this.providers.update(unit, provider, draft, now);
    return (await this.providers.add(unit, draft, now)) !== undefined;
  }

  private form(visit: Visit, { fields, problems = {}, provider, refusal, status = 200 }: Shown): Reply {
    const first = (['name', 'issuer', 'client_id', 'client_secret', 'scope', 'id_token_algorithm'] as const).find(
      (name) => problems[name] !== undefined,
    );
    const model = {
      fields,
      problems,
      refusal,
      provider: provider && shownProvider(provider),
      hasSecret: provider?.clientSecret !== undefined,
      action: provider ? providerPaths(provider.id).edit : routes.addProvider,
      algorithms: jwsAlgorithms,
      focus: first ?? 'name',
      hasProblems: first !== undefined,
      addresses: this.pages.addresses,
    };
    return this.pages.page(visit, 'providers/form', model, { status });
  }

  private async get(id: string): Promise<Provider> {
    const provider = await this.providers.find(id);
    if (!provider) throw new PageError('provider.not_found');
    return provider;
  }

  private unlockFirst(visit: Visit, next: string): Reply {
    return this.pages.redirect(visit, `${routes.unlockProviders}?next=${encodeURIComponent(next)}`);
  }
}

function shownProvider({ id, name, issuer, clientId, scope, seeded, clientSecret }: Provider): object {
  return { id, name, issuer, clientId, scope, seeded, publicClient: clientSecret === undefined };
}
