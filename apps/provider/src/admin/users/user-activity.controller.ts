import { Controller, Get, Inject, Req } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { AuditLog, type LoggedEvent } from '../../audit/audit-log.service.js';
import { commandLineUser, isCommandLineActor } from '../../audit/command-line-actor.js';
import { ClientsService } from '../../clients/clients.service.js';
import { hasText, text, type Message } from '../../i18n/message.js';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import { hubModel } from '../../users/user-hub.js';
import { UsersService } from '../../users/users.service.js';
import { routes } from '../../web/routes.js';
import { UserPages } from './user-pages.service.js';

const pageSize = 50;

/** The names of the users and clients of events, by id. */
interface Names {
  readonly users: ReadonlyMap<string, string>;
  readonly clients: ReadonlyMap<string, string>;
}

/** What happened with an account, and what its user did: their part of the audit log, newest first. */
@Controller(routes.userActivity)
export class UserActivityController {
  constructor(
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(AuditLog) private readonly log: AuditLog,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(UserPages) private readonly pages: UserPages,
  ) {}

  @Get(':id')
  async list(@Req() request: WebRequest): Promise<Reply> {
    const { context, user } = await this.pages.open(request);
    const given = query(request).text('before');
    const before = /^\d{1,15}$/.test(given) ? Number(given) : undefined;
    const { events, next } = await this.log.ofPerson(user.id, before, pageSize);
    const names = await this.namesIn(events);
    const address = `${routes.userActivity}/${user.id}`;
    return this.contexts.page(context, 'users/activity', {
      ...hubModel(user, 'activity'),
      days: events.length === 0 ? [] : [{ events: events.map((event) => lineOf(event, user.id, names)) }],
      auditHref: `${routes.audit}?user=${encodeURIComponent(user.id)}`,
      isFirst: before === undefined,
      newest: before === undefined ? undefined : address,
      older: next === undefined ? undefined : `${address}?before=${next}`,
    });
  }

  private async namesIn(events: readonly LoggedEvent[]): Promise<Names> {
    const ids = events.flatMap(({ actorId, subjectId }) => [actorId ?? [], subjectId ?? []].flat());
    return {
      users: await this.users.names(ids.filter((id) => !isCommandLineActor(id))),
      clients: await this.clients.names(events.flatMap(({ clientId }) => clientId ?? [])),
    };
  }
}

function lineOf(event: LoggedEvent, userId: string, names: Names): object {
  return {
    ...appearanceOf(event.type),
    sentence: { text: sentenceOf(event, userId, names) },
    source: event.address,
    at: event.at,
    details: [
      { label: text('users.activity.event'), code: event.type },
      ...actorRows(event, userId, names),
      ...(event.clientId === null
        ? []
        : [
            {
              label: text('users.activity.application'),
              value: names.clients.get(event.clientId) ?? event.clientId,
              href: `${routes.clients}/update/${encodeURIComponent(event.clientId)}`,
            },
          ]),
      ...(event.requestId === null ? [] : [{ label: text('users.activity.request'), copy: event.requestId }]),
    ],
  };
}

/** Who did it, unless it was the user. */
function actorRows({ actorId }: LoggedEvent, userId: string, { users }: Names): object[] {
  if (actorId === null || actorId === userId) return [];
  const label = text('users.activity.actor');
  if (isCommandLineActor(actorId))
    return [{ label, value: text('users.activity.commandLine', { user: commandLineUser(actorId) }) }];
  const name = users.get(actorId);
  if (name === undefined) return [{ label, code: actorId }];
  return [{ label, value: name, href: `${routes.users}/update/${actorId}` }];
}

function sentenceOf({ type, subjectId }: LoggedEvent, userId: string, { users }: Names): Message {
  const key = `event.${type}`;
  const event = hasText(key) ? text(key) : text('users.activity.other', { type });
  // What the user did to the account of somebody else.
  const name = subjectId === null || subjectId === userId ? undefined : users.get(subjectId);
  return name === undefined ? event : text('users.activity.about', { name, event });
}

function appearanceOf(type: string): { readonly icon: string; readonly kind?: 'good' | 'warn' | 'bad' } {
  if (/\.(failed|throttled|denied)$/.test(type) || type === 'user.password_wrong')
    return { icon: 'circle-alert', kind: 'warn' };
  switch (type.split('.')[0]) {
    case 'login':
      return { icon: 'log-in', kind: 'good' };
    case 'logout':
    case 'session':
      return { icon: 'log-out' };
    case 'factor':
    case 'browser':
      return { icon: 'fingerprint' };
    case 'consent':
    case 'grant':
      return { icon: 'app-window' };
    case 'user':
      return { icon: 'user' };
    default:
      return { icon: 'history' };
  }
}
