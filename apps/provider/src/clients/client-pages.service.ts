import { Inject, Injectable } from '@nestjs/common';
import { ownerMayReplaceCredentials, secretNeed, type Client, type Resource } from '@gatehouse/domain/oauth';
import type { Reply } from '@gatehouse/platform/http/reply';
import { query } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { text, type Message, type Text } from '../i18n/message.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { canAudit } from '../users/actor.js';
import { UsersService } from '../users/users.service.js';
import { fieldId, problemModel, type FieldProblem, inOrder } from '../web/form-errors.js';
import { revisionOf } from '../web/revision.js';
import { noticeModel } from '../web/notice.js';
import { routes } from '../web/routes.js';
import { ResourcesService } from '../resources/resources.service.js';
import { getEditable } from './client-access.js';
import { connectionOf, environmentOf } from './client-connection.js';
import { clientFormOf, type ClientFormValues } from './client-form.js';
import { clientFormModel } from './client-form-page.js';
import { kindLabels, kindOf, kindOptions } from './client-kinds.js';
import { hostsOf, stateBadge } from './client-list-page.js';
import { ClientLogos } from './client-logos.service.js';
import { ClientOrigins } from './client-origins.service.js';
import {
  clientPageLabels,
  clientPages,
  positionOfField,
  tabOfField,
  type ClientPage,
  type ClientTab,
} from './client-tabs.js';
import { ClientsService } from './clients.service.js';

/** How long the old secret stays valid after a rotation. The first is preselected: enough time to deploy the new one. */
export const secretOverlaps = [
  { seconds: 86_400, label: text('clients.overlap.day'), done: text('clients.overlap.dayDone') },
  { seconds: 7 * 86_400, label: text('clients.overlap.week'), done: text('clients.overlap.weekDone') },
  { seconds: 3600, label: text('clients.overlap.hour'), done: text('clients.overlap.hourDone') },
  { seconds: 0, label: text('clients.overlap.none'), done: text('clients.overlap.noneDone') },
] as const;

const notices: Readonly<Record<string, Text>> = {
  created: text('clients.notice.created'),
  saved: text('clients.notice.saved'),
  changed: text('clients.notice.changed'),
  outdated: text('clients.notice.outdated'),
  refused: text('clients.notice.refused'),
};

/** A page after a form was sent; without `status`, the page as stored. */
export interface ClientView {
  /** By default those of the client. */
  readonly values?: ClientFormValues;
  readonly problems?: readonly FieldProblem[];
  readonly focus?: string;
  readonly error?: Message;
  readonly status?: number;
  /** The revision that the form is based on; by default the current one. */
  readonly revision?: string | undefined;
}

/** The address of a page of an application. */
export function addressOfClient(id: string, page: ClientPage = 'overview'): string {
  const address = `${routes.clients}/update/${encodeURIComponent(id)}`;
  return page === 'overview' ? address : `${address}/${page}`;
}

/** Composes the pages of one application: what all of them show, and the form of each. */
@Injectable()
export class ClientPages {
  constructor(
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(ClientOrigins) private readonly origins: ClientOrigins,
    @Inject(ClientLogos) private readonly logos: ClientLogos,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** As {@link getEditable}. */
  open(context: UserRequestContext, id: string | undefined): Promise<Client> {
    return getEditable(this.clients, context, id ?? '');
  }

  async show(context: UserRequestContext, client: Client, page: ClientPage, view: ClientView = {}): Promise<Reply> {
    const form = page === 'danger' ? problemModel(view.problems ?? []) : await this.form(client, page, view);
    return this.contexts.page(
      context,
      `clients/${page}`,
      {
        ...form,
        ...(await this.head(context, client, page, view)),
        ...(page === 'overview' ? await this.connection(context, client) : {}),
        error: view.error,
        ...(view.status === undefined ? noticeModel(notices, query(context.request).text('done')) : {}),
      },
      { status: view.status ?? 200 },
    );
  }

  /** The three questions. */
  showNew(
    context: UserRequestContext,
    view: ClientView & { readonly values: ClientFormValues; readonly kind: string },
  ): Reply {
    const { values, kind, focus, error, status = 200 } = view;
    const problems = inOrder(view.problems ?? [], (field) => positionOfField('overview', field));
    const form = clientFormModel({ tab: 'overview', values, problems, focus });
    return this.contexts.page(
      context,
      'clients/add',
      {
        ...form,
        problemList: problems.map((problem) => ({
          message: problem.message,
          id: isQuestion(problem) ? fieldId(problem.field) : undefined,
        })),
        kind,
        kinds: kindOptions(canAudit(context)),
        error,
      },
      { status },
    );
  }

  /** The secret of an application, which is shown only on this page. @param old what happens to the old secret */
  showSecret(context: UserRequestContext, client: Client, secret: string, old: Message | undefined): Reply {
    return this.contexts.page(context, 'clients/secret', {
      heading: text('clients.secret.heading', { name: client.name }),
      back: { label: text('clients.title'), href: routes.clients },
      owner: { name: client.name, logo: this.logos.addressOf(client), href: addressOfClient(client.id) },
      lead: text('clients.secret.copyLead'),
      old,
      ...this.credentials(client, secret),
    });
  }

  /** The credentials with which an API asks about tokens; the secret is shown only on this page. */
  showResourceCredentials(context: UserRequestContext, resource: Resource, client: Client, secret: string): Reply {
    return this.contexts.page(context, 'clients/secret', {
      heading: text('resources.credentials.heading', { name: resource.name }),
      back: { label: text('resources.title'), href: routes.resources },
      owner: { name: resource.name, href: `${routes.resources}/update/${resource.id}` },
      lead: text('resources.credentials.lead'),
      ...this.credentials(client, secret),
    });
  }

  private credentials(client: Client, secret: string): object {
    const { issuer } = this.settings;
    return {
      connection: connectionOf(issuer, client),
      secret,
      environment: environmentOf({ OIDC_ISSUER: issuer, OIDC_CLIENT_ID: client.id, OIDC_CLIENT_SECRET: secret }),
    };
  }

  /** What all pages of an application show: its name, its state and the links to its pages. */
  async head(
    context: UserRequestContext,
    client: Client,
    current: ClientPage | 'roles',
    view: ClientView = {},
  ): Promise<object> {
    const isStored = view.status === undefined && view.revision === undefined;
    const kind = kindLabels[kindOf(client)];
    const hosts = hostsOf(client.redirectUris);
    return {
      client: {
        id: client.id,
        name: client.name,
        logo: this.logos.addressOf(client),
        kind,
        sub: hosts === '' ? kind : text('clients.head.sub', { kind, hosts }),
        badge: stateBadge(client),
        type: client.type,
        revision: view.revision ?? revisionOf(client),
        // Only when the page shows the stored client, not submitted values.
        approval: isStored ? revisionOf(client) : undefined,
        ...(await this.origins.model(client, context.now)),
      },
      tabs: tabsOf(client, current),
      action: addressOfClient(client.id),
      overview: addressOfClient(client.id),
    };
  }

  private async form(client: Client, tab: ClientTab, view: ClientView): Promise<object> {
    const values = view.values ?? clientFormOf(client, await this.ownerName(client));
    const problems = inOrder(view.problems ?? [], (field) => positionOfField(tab, field));
    const model = clientFormModel({ tab, values, problems, focus: view.focus });
    const apis = tab === 'advanced' ? await this.resources.all() : [];
    return { ...model, tab, apis, problemList: linkedProblems(client, tab, problems) };
  }

  private async connection(context: UserRequestContext, client: Client): Promise<object> {
    const hasSecret = secretNeed(client) !== 'none';
    return {
      connection: connectionOf(this.settings.issuer, client),
      secrets: hasSecret
        ? {
            mayRotate: canAudit(context) || ownerMayReplaceCredentials(client),
            valid: await this.clients.listSecrets(client.id, context.now),
            overlaps: secretOverlaps.map(({ seconds, label }) => ({ value: String(seconds), label })),
          }
        : undefined,
    };
  }

  async ownerName(client: Client): Promise<string> {
    if (client.ownerId === undefined) return '';
    return (await this.users.names([client.ownerId])).get(client.ownerId) ?? '';
  }
}

function tabsOf(client: Client, current: ClientPage | 'roles'): object[] {
  const roles = { label: clientPageLabels.roles, href: `${routes.clients}/roles/${encodeURIComponent(client.id)}` };
  const tabs = clientPages.map((page) => ({
    label: clientPageLabels[page],
    href: addressOfClient(client.id, page),
    current: page === current,
  }));
  return [...tabs.slice(0, 2), { ...roles, current: current === 'roles' }, ...tabs.slice(2)];
}

/** Whether a problem is about an answer to the three questions. */
function isQuestion({ field }: FieldProblem): boolean {
  return /^(name|redirectUris)(\.|$)/.test(field);
}

/** The summary links to the fields; to the page of a field that is on another page. */
function linkedProblems(client: Client, tab: ClientTab, problems: readonly FieldProblem[]): object[] {
  return problems.map(({ field, message }) => {
    const other = tabOfField(field) ?? tab;
    const id = fieldId(field);
    return { id, message, href: other === tab ? undefined : `${addressOfClient(client.id, other)}#${id}` };
  });
}
