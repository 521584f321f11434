import { Inject, Injectable, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { FailedRequests, type FailedRequest } from '../../audit/failed-requests.service.js';
import { ClientsService } from '../../clients/clients.service.js';
import { runCheck, type DiagnosticCheckName } from '../../diagnostics/diagnostics.js';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { text, type Message, type TextKey } from '../../i18n/message.js';
import { routes } from '../../web/routes.js';
import { pathOf } from '../failed-requests/failed-request-model.js';
import { titleOf } from '../failed-requests/failure-rules.js';
import { knownSenderOf } from '../failed-requests/suggested-fixes.js';

/** Something that needs an administrator, and where it is fixed. */
export interface ThingToFix {
  /** `error`: action needed. */
  readonly state: 'warning' | 'error';
  readonly title: Message;
  readonly why: Message;
  readonly action: { readonly label: Message; readonly href: string };
}

/** A check and what the overview says about it. */
export interface QuickCheck {
  readonly name: DiagnosticCheckName;
  readonly title: TextKey;
  readonly href: string;
}

/** The checks that are fast enough for every page view: none sends a request to another server or reads the whole log. */
export const quickChecks: readonly QuickCheck[] = [
  { name: 'issuer', title: 'diagnostic.issuer', href: routes.system },
  { name: 'proxy', title: 'diagnostic.proxy', href: routes.system },
  { name: 'administrator', title: 'diagnostic.administrator', href: routes.users },
  { name: 'keys', title: 'diagnostic.keys', href: routes.keys },
  { name: 'secret key', title: 'diagnostic.secretKey', href: routes.system },
  { name: 'disk', title: 'diagnostic.disk', href: routes.system },
  { name: 'mail queue', title: 'diagnostic.mailQueue', href: routes.messages },
];

const daySeconds = 86_400;
const maxFailedRequests = 200;
const maxCauses = 3;

/** What the diagnostic checks find, and the causes for which requests of applications fail. */
@Injectable()
export class ThingsToFix {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
    @Inject(FailedRequests) private readonly failedRequests: FailedRequests,
    @Inject(ClientsService) private readonly clients: ClientsService,
  ) {}

  async find(now: EpochSeconds, viewerId: string): Promise<readonly ThingToFix[]> {
    const { findings } = await this.health(now);
    const found = [...findings, ...(await this.failingApplications(now, viewerId))];
    return found.sort((a, b) => Number(b.state === 'error') - Number(a.state === 'error'));
  }

  /** What the checks found, and the checks that found nothing. */
  async health(
    now: EpochSeconds,
  ): Promise<{ readonly findings: readonly ThingToFix[]; readonly healthy: readonly QuickCheck[] }> {
    const findings: ThingToFix[] = [];
    const healthy: QuickCheck[] = [];
    const results = await Promise.all(quickChecks.map(({ name }) => this.run(name, now)));
    for (const [at, { state, message, text: shown }] of results.entries()) {
      const check = quickChecks[at];
      if (check === undefined) continue;
      if (state === 'ok') healthy.push(check);
      else {
        const action = { label: text('overview.view'), href: check.href };
        findings.push({ state, title: text(check.title), why: shown ?? message, action });
      }
    }
    return { findings, healthy };
  }

  private run(name: DiagnosticCheckName, now: EpochSeconds): ReturnType<typeof runCheck> {
    const app = { get: <T>(type: Type<T>): T => this.modules.get<T>(type, { strict: false }) };
    return runCheck(name, { app, settings: this.settings, now });
  }

  /**
   * By application and rule, of requests that an authenticated application or the viewer's own browser sent: anyone can send
   * others in the name of an application, and must not decide what an administrator should look at.
   */
  private async failingApplications(now: EpochSeconds, viewerId: string): Promise<readonly ThingToFix[]> {
    const failedRequests = await this.failedRequests.listOfKnownSenders(maxFailedRequests);
    const causes = new Map<string, { newest: FailedRequest; count: number }>();
    for (const each of failedRequests) {
      if (each.clientId === undefined || each.at < now - daySeconds) continue;
      // That an application is disabled is somebody's decision, not a mistake.
      if (each.reason === 'client.disabled' || knownSenderOf(each, viewerId) === undefined) continue;
      const cause = `${each.reason} ${each.clientId}`;
      const known = causes.get(cause);
      if (known) known.count += 1;
      else causes.set(cause, { newest: each, count: 1 });
    }
    const names = await this.clients.names([...causes.values()].map(({ newest }) => newest.clientId ?? ''));
    return [...causes.values()]
      .filter(({ newest }) => names.has(newest.clientId ?? ''))
      .sort((a, b) => b.count - a.count)
      .slice(0, maxCauses)
      .map(({ newest, count }) => ({
        state: 'warning' as const,
        title: text('overview.failing', { application: names.get(newest.clientId ?? '') }),
        why: text('overview.failingWhy', { title: titleOf(newest), count }),
        action: { label: text('overview.fixAction'), href: pathOf(newest) },
      }));
  }
}
