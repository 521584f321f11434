import { Controller, Get, Inject, Req } from '@nestjs/common';
import { redirectPlaces, type Client } from '@gatehouse/domain/oauth';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { FailedRequests } from '../audit/failed-requests.service.js';
import { ClientsService } from '../clients/clients.service.js';
import { PageError } from '../web/page-error.js';
import { routes } from '../web/routes.js';
import { TrustedIssuers } from '../trusted-issuers/trusted-issuers.service.js';
import { ResourcesService } from '../resources/resources.service.js';
import { canAudit } from '../users/actor.js';
import { SavedForms, resumedField } from '../users/sessions/saved-forms.service.js';
import { RecentSignIns } from '../users/sessions/recent-sign-ins.service.js';
import { UsersService } from '../users/users.service.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { fieldsToShow } from './resumed-fields.js';
import { describeResumedForm, type RecordKind, type ResumedForm } from './resumed-form.js';

/** Lists have fewer rows on a page. */
const maxNamed = 100;
const longestId = 200;
const maxPlaces = 10;

/** A record by its name, and by what is not its own choice. */
interface NamedRecord {
  readonly name: string;
  readonly details?: readonly string[];
}

/**
 * Where a form comes back to after the sign-in that it asked for. Somebody else may have sent it in the session as it was
 * before: everything that it does is shown, and one button sends it.
 */
@Controller(routes.resumeForm)
export class ResumeFormController {
  constructor(
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(SavedForms) private readonly forms: SavedForms,
    @Inject(RecentSignIns) private readonly signIns: RecentSignIns,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(TrustedIssuers) private readonly issuers: TrustedIssuers,
    @Inject(FailedRequests) private readonly refusals: FailedRequests,
  ) {}

  @Get(':id')
  async page(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.requireUser(request);
    const id = request.params['id'] ?? '';
    const kept = await this.forms.find(id, context.user.id, context.now);
    if (!kept) throw new PageError('record.not_found');
    // Full and recent, and yet the second factor was skipped.
    const missing = await this.signIns.missing(context, `${routes.resumeForm}/${id}`);
    if (missing) return Reply.redirect(missing.href, { cookies: context.cookies });
    const resumed = describeResumedForm(kept);
    const { kind, ids } = resumed;
    return this.contexts.page(context, 'account/resume', {
      action: kept.address,
      fields: [...kept.fields, [resumedField, id] as const].map(([name, value]) => ({ name, value })),
      sentence: resumed.sentence,
      records: kind && (await Promise.all(ids.slice(0, maxNamed).map((each) => this.nameOf(kind, each)))),
      more: Math.max(0, ids.length - maxNamed),
      page: resumed.page,
      pagePath: resumed.page.split('?')[0],
      enteredAt: kept.enteredAt,
      ...fieldsToShow(resumed, { isAdmin: canAudit(context), before: await this.recordOf(resumed) }),
    });
  }

  /** The record that the form changes, where it has switches. */
  private async recordOf({ kind, ids: [id = ''], expected }: ResumedForm): Promise<object | undefined> {
    if (!expected.some((field) => field.kind === 'switch') || id.length > longestId) return undefined;
    if (kind === 'client') return this.clients.findFresh(id);
    return kind === 'user' ? this.users.find(id) : undefined;
  }

  /** What people call a record; its id where it is gone. */
  private async nameOf(kind: RecordKind, id: string): Promise<NamedRecord> {
    if (id.length > longestId) return { name: `${id.slice(0, longestId)}…` };
    return (await this.findName(kind, id)) ?? { name: id };
  }

  private async findName(kind: RecordKind, id: string): Promise<NamedRecord | undefined> {
    switch (kind) {
      case 'user': {
        const user = await this.users.find(id);
        return user && { name: user.username };
      }
      case 'client':
        return named(await this.clients.findFresh(id));
      case 'resource': {
        const resource = await this.resources.findFresh(id);
        return resource && { name: resource.name, details: [resource.identifier] };
      }
      case 'issuer': {
        const trusted = await this.issuers.findFresh(id);
        return trusted && { name: trusted.name, details: [trusted.issuer] };
      }
      case 'refusal': {
        const clientId = (await this.refusals.find(id))?.clientId;
        return clientId === undefined ? undefined : named(await this.clients.findFresh(clientId));
      }
    }
  }
}

/** A client chooses its name itself: its id and where it receives answers tell it from one that takes the same name. */
function named(client: Client | undefined): NamedRecord | undefined {
  if (!client) return undefined;
  const places = redirectPlaces(client);
  const more = places.length > maxPlaces ? [`+ ${places.length - maxPlaces}`] : [];
  return { name: client.name, details: [`client_id ${client.id}`, ...places.slice(0, maxPlaces), ...more] };
}
