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
/** Of one download; the command line writes all. */
const maxExported = 5_000;

/** What kinds of events are called that one looks for together: by the word before the dot. */
const groups = [...new Set(auditTypes.map((type) => type.split('.')[0] ?? ''))].sort();

interface Asked {
  readonly search: Omit<AuditSearch, 'limit'>;
  readonly typed: Readonly<Record<'type' | 'user' | 'client' | 'address' | 'request', string>>;
  /** Somebody is named who is not there. */
  readonly unknown: string | undefined;
}

/** What was filled in of the filter. */
function chosen({ typed }: Asked): Record<string, string> {
  return Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== ''));
}

/** The audit log, for administrators and auditors: searched, and downloaded. */
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
    const context = await this.openFor(request);
    const asked = await this.read(query(request));
    const { events, next } = await this.find(asked, pageSize);
    const filterQuery = new URLSearchParams(chosen(asked)).toString();
    return this.contexts.page(context, 'admin/audit', {
      typed: asked.typed,
      unknown: asked.unknown,
      types: [...groups, ...auditTypes].map((name) => ({ name, chosen: name === asked.typed.type })),
      filterQuery,
      events: await this.lines.of(events),
      isFirst: asked.search.before === undefined,
      next,
      lookedThrough: events.length < pageSize && next !== undefined,
    });
  }

  /** The same as JSON lines. */
  @Get('export')
  async download(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.openFor(request);
    const asked = await this.read(query(request));
    const lines: string[] = [];
    let search = asked.search;
    for (let pages = 0; pages < 20 && lines.length < maxExported; pages++) {
      const { events, next } = await this.find({ ...asked, search }, maxExported - lines.length);
      for (const event of events) lines.push(JSON.stringify(eventRepresentation(event)));
      if (next === undefined) break;
      search = { ...search, before: next };
    }
    const exported = { by: 'page', events: lines.length, filter: chosen(asked) } as const;
    await this.operations.execute(RecordAuditExport, exported, { context });
    const day = new Date(this.clock.now() * 1000).toISOString().slice(0, 10);
    return Reply.bytes(Buffer.from(lines.map((line) => `${line}\n`).join('')), 'application/jsonl', {
      headers: {
        'Content-Disposition': `attachment; filename="audit-${day}.jsonl"`,
        'Cache-Control': 'no-store',
      },
    });
  }

  private async find(asked: Asked, limit: number): Promise<AuditPage> {
    return asked.unknown === undefined ? this.log.search({ ...asked.search, limit }) : { events: [], next: undefined };
  }

  private async read(parameters: Form): Promise<Asked> {
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

  /** A username, the command line's name, or an id: of an account that is gone only the id is left. */
  private async userOf(typed: string): Promise<string | undefined> {
    if (isCommandLineActor(typed)) return typed;
    if (/^[0-9a-f-]{36}$/.test(typed)) return typed;
    return (await this.users.findByUsername(typed))?.id;
  }

  private async openFor(request: WebRequest): Promise<UserRequestContext> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin');
    return context;
  }
}
