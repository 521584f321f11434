import { Controller, Get, Inject, Req } from '@nestjs/common';
import { currentKey } from '@gatehouse/domain/jose';
import type { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { Activity, hourOf } from '../../audit/activity.service.js';
import { AuditLog } from '../../audit/audit-log.service.js';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { text } from '../../i18n/message.js';
import { routes } from '../../web/routes.js';
import { keyKindNames } from '../../keys/key-kinds.js';
import { KeysService } from '../../keys/keys.service.js';
import { Outbox } from '../../outbox/outbox.service.js';
import type { UserRequestContext } from '../../users/sessions/request-context.js';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import { EventLines } from '../activity/event-lines.service.js';
import { firstChartHour, HourlyCounts } from './hourly-counts.js';
import { SetupChecklist } from './setup-checklist.service.js';
import { ThingsToFix } from './things-to-fix.service.js';

const daySeconds = 86_400;
const recentEvents = 6;

/** The overview: first setup, key figures, recent activity, and what needs an administrator. */
@Controller(routes.dashboard)
// eslint-disable-next-line local/max-injected-dependencies -- each is one part of the page
export class DashboardController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(Activity) private readonly activity: Activity,
    @Inject(AuditLog) private readonly log: AuditLog,
    @Inject(EventLines) private readonly lines: EventLines,
    @Inject(KeysService) private readonly keys: KeysService,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(SetupChecklist) private readonly setup: SetupChecklist,
    @Inject(ThingsToFix) private readonly things: ThingsToFix,
  ) {}

  @Get()
  async page(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin');
    const hour = hourOf(context.now);
    const counts = new HourlyCounts(await this.activity.since(firstChartHour(hour)), hour);
    const things = await this.things.find(context.now, context.user.id);
    const { events } = await this.log.search({ limit: recentEvents });
    return this.contexts.page(context, 'admin/dashboard', {
      sub: text('overview.lead', { issuer: this.settings.issuer, count: things.length }),
      ...(await this.checklist(context)),
      figures: [
        counts.figure('login', text('overview.signIns')),
        counts.figure('login_failed', text('overview.failedSignIns'), false),
        counts.figure('token', text('overview.tokens')),
        counts.figure('refusal', text('overview.failedRequests'), false),
      ],
      chart: counts.signIns(),
      things,
      days: events.length === 0 ? undefined : [{ events: await this.lines.of(events) }],
      system: await this.systemFacts(context),
    });
  }

  /** Shown until everything is done. */
  private async checklist({ user }: UserRequestContext): Promise<object> {
    const steps = await this.setup.of(user.id);
    const done = steps.filter((step) => step.done).length;
    if (done === steps.length) return {};
    return { steps, stepsDone: text('overview.setupDone', { done, all: steps.length }) };
  }

  /** The model of `ui/facts`. */
  private async systemFacts({ now }: UserRequestContext): Promise<readonly object[]> {
    const keys = await this.keys.list();
    const { waiting, failed } = await this.outbox.backlog();
    const current = keyKindNames.flatMap(
      (kind) =>
        currentKey(
          keys.filter((each) => each.kind === kind),
          now,
        ) ?? [],
    );
    const oldest = Math.min(now, ...current.map(({ signsFrom }) => signsFrom));
    const days = Math.floor((now - oldest) / daySeconds);
    return [
      { label: text('overview.issuer'), copy: this.settings.issuer },
      { label: text('nav.keys'), value: text('overview.keys', { count: current.length, days }), href: routes.keys },
      {
        label: text('overview.mailQueue'),
        value: text('overview.mailState', { waiting, failed }),
        href: routes.messages,
      },
      { label: text('nav.settings'), value: text('overview.viewSettings'), href: routes.system },
    ];
  }
}
