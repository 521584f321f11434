import { Controller, Get, Inject, Req, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { currentKey } from '@gatehouse/domain/jose';
import type { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { Activity, hourOf } from '../../audit/activity.service.js';
import { runCheck, type Finding, type DiagnosticCheckName } from '../../diagnostics/diagnostics.js';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { routes } from '../../web/routes.js';
import { keyKindNames, keyKinds } from '../../keys/key-kinds.js';
import { KeysService } from '../../keys/keys.service.js';
import { Outbox } from '../../outbox/outbox.service.js';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import { chartHours, hourlyChart } from './hourly-chart.js';

/** The checks that are fast enough for every page view: none sends a request to another server or reads the whole log. */
const quickChecks: readonly DiagnosticCheckName[] = [
  'issuer',
  'proxy',
  'administrator',
  'keys',
  'secret key',
  'disk',
  'mail queue',
];

const daySeconds = 86_400;

/** The dashboard: hourly activity, findings of the diagnostic checks, and links to the administration pages. */
@Controller(routes.dashboard)
export class DashboardController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(Activity) private readonly activity: Activity,
    @Inject(KeysService) private readonly keys: KeysService,
    @Inject(Outbox) private readonly outbox: Outbox,
  ) {}

  @Get()
  async page(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin');
    const { now } = context;
    const hour = hourOf(now);
    const counts = await this.activity.since(hour - chartHours + 1);
    const keys = await this.keys.list();
    const { waiting, failed } = await this.outbox.backlog();
    return this.contexts.page(context, 'admin/dashboard', {
      issuer: this.settings.issuer,
      charts: [
        hourlyChart('Logins', 'login', counts, hour),
        hourlyChart('Failed logins', 'login_failed', counts, hour),
        hourlyChart('Token answers', 'token', counts, hour),
        hourlyChart('Refused requests', 'refusal', counts, hour),
      ],
      hours: chartHours,
      findings: (await this.findings(now)).filter(({ state }) => state !== 'ok'),
      keys: keyKindNames.flatMap((kind) => {
        const current = currentKey(
          keys.filter((key) => key.kind === kind),
          now,
        );
        if (!current) return [];
        const days = Math.max(0, Math.floor((now - current.signsFrom) / daySeconds));
        return [{ kind, use: keyKinds[kind].use === 'sig' ? 'signs' : 'is encrypted to', days }];
      }),
      waiting,
      failed,
    });
  }

  private async findings(now: Parameters<typeof runCheck>[1]['now']): Promise<({ readonly name: string } & Finding)[]> {
    const app = { get: <T>(type: Type<T>): T => this.modules.get<T>(type, { strict: false }) };
    const checkContext = { app, settings: this.settings, now };
    return Promise.all(quickChecks.map(async (name) => ({ name, ...(await runCheck(name, checkContext)) })));
  }
}
