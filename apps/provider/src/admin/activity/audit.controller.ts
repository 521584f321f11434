import { Controller, Get, Inject, Req } from '@nestjs/common';
import { Clock } from '@gatehouse/platform/clock';
import type { Form } from '@gatehouse/platform/http/form';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { AuditLog, type AuditPage, type AuditSearch } from '../../audit/audit-log.service.js';
import { ClientsService } from '../../clients/clients.service.js';
import { isCommandLineActor } from '../../audit/command-line-actor.js';
import { eventRepresentation } from '../../audit/event-representation.js';
import { RecordAuditExport } from '../../audit/operations/record-audit-export.js';
import { text, type Text, type TextKey } from '../../i18n/message.js';
import { listAddress } from '../../web/list-pager.js';
import { routes } from '../../web/routes.js';
import { UsersService } from '../../users/users.service.js';
import { PageOperations } from '../../users/page-operations.service.js';
import type { UserRequestContext } from '../../users/sessions/request-context.js';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import { kindLabel, kindOptions, typesOf } from './event-kinds.js';
import { EventLines } from './event-lines.service.js';

const pageSize = 50;
/** The maximum of one download; the command line exports everything. */
const maxExported = 5_000;
const refreshSeconds = 5;
/** An event is found for this long after it was recorded: another process may commit it later than a newer one. */
const liveOverlapSeconds = 5;
/** Approved applications that the filter suggests; others are found by their name or id. */
const maxSuggested = 100;
const daySeconds = 86_400;

const filterNames = ['user', 'client', 'type', 'address', 'request', 'from', 'to'] as const;
type FilterName = (typeof filterNames)[number];

const activeLabels: Readonly<Record<FilterName, TextKey>> = {
  user: 'audit.active.user',
  client: 'audit.active.client',
  type: 'audit.active.type',
  address: 'audit.active.address',
  request: 'audit.active.request',
  from: 'audit.active.from',
  to: 'audit.active.to',
};

interface NamedApplication {
  readonly id?: string;
  readonly name?: string | undefined;
  readonly isAmbiguous: boolean;
}

interface ParsedFilter {
  readonly search: Omit<AuditSearch, 'limit'>;
  readonly typed: Readonly<Record<FilterName, string>>;
  /** Why the filter finds nothing: the named user does not exist, several applications have the name, or a date is not one. */
  readonly unknown: Text | undefined;
  readonly clientName: string | undefined;
}

type ActiveFilters = Partial<Record<FilterName, string>>;

/** The non-empty fields of the filter. */
function activeFilters({ typed }: ParsedFilter): ActiveFilters {
  return Object.fromEntries(filterNames.flatMap((name) => (typed[name] === '' ? [] : [[name, typed[name]]])));
}

/** Search and download of the audit log, for administrators and auditors. */
@Controller(routes.audit)
export class AuditController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(AuditLog) private readonly log: AuditLog,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(EventLines) private readonly lines: EventLines,
  ) {}

  @Get()
  async page(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireAdmin(request);
    const filter = await this.read(query(request));
    const { events, next } = await this.find(filter, pageSize);
    const active = activeFilters(filter);
    const { typed, search, unknown } = filter;
    const isFirst = search.before === undefined;
    const live = isFirst && query(request).text('live') === 'yes' ? { live: 'yes' } : {};
    const isLive = live.live !== undefined;
    return this.contexts.page(context, 'admin/audit', {
      typed,
      unknown,
      kinds: [{ name: 'type', label: text('audit.kind'), options: kindOptions(typed.type), value: typed.type }],
      applications: (await this.clients.list({ state: 'approved', limit: maxSuggested })).clients.map(
        ({ id, name }) => ({ id, name }),
      ),
      active: filterNames.flatMap((name) => (typed[name] === '' ? [] : [activeFilter(filter, name, active, live)])),
      clearHref: Object.keys(active).length > 0 ? listAddress(routes.audit, live) : undefined,
      exportHref: listAddress(`${routes.audit}/export`, active),
      refreshHref: isFirst ? listAddress(routes.audit, { ...active, ...live }) : undefined,
      liveHref: isFirst && !isLive ? listAddress(routes.audit, { ...active, live: 'yes' }) : undefined,
      live: isLive
        ? {
            seconds: refreshSeconds,
            check: liveCheck(active, context.now),
            stopHref: listAddress(routes.audit, active),
          }
        : undefined,
      days: await this.lines.byDay(events, context.now),
      newestHref: isFirst ? undefined : listAddress(routes.audit, active),
      olderHref: next === undefined ? undefined : listAddress(routes.audit, { ...active, before: String(next) }),
      lookedThrough: events.length < pageSize && next !== undefined,
    });
  }

  /**
   * Whether events were recorded since the list was loaded or last checked, and the address of the next check. Each check reads
   * only the events of the last seconds, however rarely the filter matches.
   */
  @Get('live')
  async live(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireAdmin(request);
    const filter = await this.read(query(request));
    const typed = query(request).text('since');
    const since = /^\d{1,12}$/.test(typed) ? Number(typed) : context.now;
    const { events } = await this.find({ ...filter, search: { ...filter.search, since } }, 1);
    return Reply.json(
      { changed: events.length > 0, check: liveCheck(activeFilters(filter), context.now) },
      { headers: { 'Cache-Control': 'no-store' } },
    );
  }

  /** Downloads the events as JSON Lines. */
  @Get('export')
  async download(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireAdmin(request);
    const filter = await this.read(query(request));
    const lines: string[] = [];
    let search = filter.search;
    for (let pages = 0; pages < 20 && lines.length < maxExported; pages++) {
      const { events, next } = await this.find({ ...filter, search }, maxExported - lines.length);
      for (const event of events) lines.push(JSON.stringify(eventRepresentation(event)));
      if (next === undefined) break;
      search = { ...search, before: next };
    }
    const exported = { by: 'page', events: lines.length, filter: activeFilters(filter) } as const;
    await this.operations.execute(RecordAuditExport, exported, { context });
    const day = new Date(this.clock.now() * 1000).toISOString().slice(0, 10);
    return Reply.bytes(Buffer.from(lines.map((line) => `${line}\n`).join('')), 'application/jsonl', {
      headers: {
        'Content-Disposition': `attachment; filename="audit-${day}.jsonl"`,
        'Cache-Control': 'no-store',
      },
    });
  }

  private async find(filter: ParsedFilter, limit: number): Promise<AuditPage> {
    return filter.unknown === undefined
      ? this.log.search({ ...filter.search, limit })
      : { events: [], next: undefined };
  }

  private async read(parameters: Form): Promise<ParsedFilter> {
    const valueOf = (name: FilterName): string => parameters.text(name).trim().slice(0, 300);
    const typed = Object.fromEntries(filterNames.map((name) => [name, valueOf(name)])) as Record<FilterName, string>;
    const user = typed.user === '' ? undefined : await this.userOf(typed.user);
    const application = await this.applicationOf(typed.client);
    const from = startOfDay(typed.from);
    const to = startOfDay(typed.to);
    const isBadDate = (typed.from !== '' && from === undefined) || (typed.to !== '' && to === undefined);
    const before = parameters.text('before');
    return {
      typed,
      unknown:
        typed.user !== '' && user === undefined
          ? text('audit.unknownUser', { user: typed.user })
          : application.isAmbiguous
            ? text('audit.severalApplications', { name: typed.client })
            : isBadDate
              ? text('audit.badDate')
              : undefined,
      clientName: application.name,
      search: {
        types: typesOf(typed.type),
        userId: user,
        clientId: application.id,
        address: typed.address || undefined,
        requestId: typed.request || undefined,
        from,
        // The last day is included.
        to: to === undefined ? undefined : to + daySeconds,
        before: /^\d{1,15}$/.test(before) ? Number(before) : undefined,
      },
    };
  }

  /** Accepts a name or an id; an id that no client has may be that of a deleted one. */
  private async applicationOf(typed: string): Promise<NamedApplication> {
    if (typed === '') return { isAmbiguous: false };
    const known = await this.clients.find(typed);
    if (known) return { id: known.id, name: known.name, isAmbiguous: false };
    const [found, ...others] = (await this.clients.list({ name: typed, limit: 2 })).clients;
    return { id: found?.id ?? typed, name: found?.name, isAmbiguous: others.length > 0 };
  }

  /** Accepts a username, an actor of the command line, or an id, because deleted accounts have no name. */
  private async userOf(typed: string): Promise<string | undefined> {
    if (isCommandLineActor(typed)) return typed;
    if (/^[0-9a-f-]{36}$/.test(typed)) return typed;
    return (await this.users.findByUsername(typed))?.id;
  }

  private async requireAdmin(request: WebRequest): Promise<UserRequestContext> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin');
    return context;
  }
}

/** A filter that is set, with the address of the page without it. */
function activeFilter(
  { clientName }: ParsedFilter,
  name: FilterName,
  active: ActiveFilters,
  kept: Readonly<Record<string, string>>,
): object {
  const { [name]: value = '', ...others } = active;
  const shown = name === 'type' ? kindLabel(value) : name === 'client' ? (clientName ?? value) : value;
  return { label: text(activeLabels[name], { value: shown }), href: listAddress(routes.audit, { ...others, ...kept }) };
}

/** The address at which a script asks whether there are new events (`data-live-check`). */
function liveCheck(active: ActiveFilters, now: number): string {
  return listAddress(`${routes.audit}/live`, { ...active, since: String(now - liveOverlapSeconds) });
}

/** @returns epoch seconds; undefined if the text is not a date such as 2026-11-29 */
function startOfDay(date: string): number | undefined {
  const milliseconds = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : NaN;
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000;
}
