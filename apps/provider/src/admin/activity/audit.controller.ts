import { Controller, Get, Inject, Req } from '@nestjs/common';
import { Clock } from '@gatehouse/platform/clock';
import type { Form } from '@gatehouse/platform/http/form';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { AuditLog, type AuditPage, type AuditSearch } from '../../audit/audit-log.service.js';
import { auditTypes } from '../../audit/audit.service.js';
import { isCommandLineActor } from '../../audit/command-line-actor.js';
import { eventRepresentation } from '../../audit/event-representation.js';
import { RecordAuditExport } from '../../audit/operations/record-audit-export.js';
import { routes } from '../../web/routes.js';
import { UsersService } from '../../users/users.service.js';
import { PageOperations } from '../../users/page-operations.service.js';
import type { UserRequestContext } from '../../users/sessions/request-context.js';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import { EventLines } from './event-lines.service.js';

const pageSize = 50;
/** The maximum of one download; the command line exports everything. */
const maxExported = 5_000;

/** The groups of event types that can be searched together: the part before the dot. */
const groups = [...new Set(auditTypes.map((type) => type.split('.')[0] ?? ''))].sort();

interface ParsedFilter {
  readonly search: Omit<AuditSearch, 'limit'>;
  readonly typed: Readonly<Record<'type' | 'user' | 'client' | 'address' | 'request', string>>;
  /** The error message if the named user does not exist. */
  readonly unknown: string | undefined;
}

/** The non-empty fields of the filter. */
function activeFilters({ typed }: ParsedFilter): Record<string, string> {
  return Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== ''));
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
    @Inject(EventLines) private readonly lines: EventLines,
  ) {}

  @Get()
  async page(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireAdmin(request);
    const filter = await this.read(query(request));
    const { events, next } = await this.find(filter, pageSize);
    const filterQuery = new URLSearchParams(activeFilters(filter)).toString();
    return this.contexts.page(context, 'admin/audit', {
      typed: filter.typed,
      unknown: filter.unknown,
      types: [...groups, ...auditTypes].map((name) => ({ name, chosen: name === filter.typed.type })),
      filterQuery,
      events: await this.lines.of(events),
      isFirst: filter.search.before === undefined,
      next,
      lookedThrough: events.length < pageSize && next !== undefined,
    });
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
    const text = (name: string): string => parameters.text(name).trim().slice(0, 300);
    const typed = {
      type: text('type'),
      user: text('user'),
      client: text('client'),
      address: text('address'),
      request: text('request'),
    };
    const types = auditTypes.filter((type) => type === typed.type || type.startsWith(`${typed.type}.`));
    const user = typed.user === '' ? undefined : await this.userOf(typed.user);
    const before = parameters.text('before');
    return {
      typed,
      unknown: typed.user !== '' && user === undefined ? `There is no user ${typed.user}.` : undefined,
      search: {
        types: types.length > 0 ? types : undefined,
        userId: user,
        clientId: typed.client || undefined,
        address: typed.address || undefined,
        requestId: typed.request || undefined,
        before: /^\d{1,15}$/.test(before) ? Number(before) : undefined,
      },
    };
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
