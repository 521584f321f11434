import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Clock } from '@gatehouse/platform/clock';
import type { OpenStore } from '@gatehouse/platform/database/open-store';
import { Store } from '@gatehouse/platform/database/store';
import { Outbound } from '@gatehouse/platform/outbound/guarded-fetch';
import { Keyring } from '@gatehouse/platform/secrets/keyring';
import { SelectorSource } from '@gatehouse/platform/secrets/random';
import { Log } from '@gatehouse/platform/telemetry/log';
import { BrowserCookie } from '@gatehouse/platform/http/browser-cookie';
import { CsrfTokens } from '@gatehouse/platform/http/csrf';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { AuditChain } from '../audit/audit-chain.service.js';
import { Activity } from '../audit/activity.service.js';
import { RejectedForms } from '../audit/rejected-forms.service.js';
import { FailedRequests } from '../audit/failed-requests.service.js';
import { AuditLog } from '../audit/audit-log.service.js';
import { RecordAuditExport } from '../audit/operations/record-audit-export.js';
import { AuditService, PROCESS_ACTOR } from '../audit/audit.service.js';
import { BoundedEvents } from '../audit/bounded-events.service.js';
import { DeniedAccess } from '../audit/denied-access.service.js';
import { SETTINGS } from '../config/settings.token.js';
import type { LoadedSettings } from '../config/settings.js';
import { CurrentSettings } from '../settings/current-settings.js';
import { StoredSettings } from '../settings/stored-settings.service.js';
import { Counters } from '../monitoring/counters.js';
import { Languages } from '@gatehouse/platform/i18n/languages';
import { CurrentActors } from '../operations/current-actors.js';
import { Operations } from '../operations/operations.js';
import { AcceptIssuer } from '../database/operations/accept-issuer.js';
import { RecordedIssuer } from '../database/recorded-issuer.service.js';
import { GeneratorId } from '../database/generator-id.js';
import { CacheVersions } from '../database/cache-versions.service.js';

/** The dependencies from which the application is built. */
export interface ApplicationDependencies {
  readonly settings: LoadedSettings;
  readonly currentSettings: CurrentSettings;
  readonly store: OpenStore;
  readonly clock: Clock;
  readonly keyring: Keyring;
  readonly selectors: SelectorSource;
  /** The leased id of a server process. */
  readonly generatorId?: GeneratorId | undefined;
  readonly log: Log;
  readonly counters: Counters;
  readonly languages: Languages;
  /** See {@link PROCESS_ACTOR}. */
  readonly processActor: string | null;
}

/** Services that every module may inject. */
const services = [
  AuditService,
  AuditChain,
  AuditLog,
  BoundedEvents,
  DeniedAccess,
  Activity,
  FailedRequests,
  RejectedForms,
  CacheVersions,
  StoredSettings,
  RecordedIssuer,
  CurrentActors,
  Operations,
];

/**
 * Owns nothing: provides settings, store, clock, keys, outgoing requests, forms, log, audit and caches to every module.
 */
@Global()
@Module({})
export class ApplicationDependenciesModule {
  static of(dependencies: ApplicationDependencies): DynamicModule {
    const origin = dependencies.settings.issuer;
    const browserCookie = new BrowserCookie({ origin });
    const csrf = new CsrfTokens(dependencies.keyring.derive('csrf'));
    return {
      module: ApplicationDependenciesModule,
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => ({ ...dependencies.store.dataSource.options, retryAttempts: 0 }),
          // The store opened the data source and closes it; Nest only uses it.
          dataSourceFactory: () => Promise.resolve(dependencies.store.dataSource),
        }),
      ],
      providers: [
        { provide: SETTINGS, useValue: dependencies.settings },
        { provide: CurrentSettings, useValue: dependencies.currentSettings },
        { provide: Store, useValue: dependencies.store },
        { provide: Clock, useValue: dependencies.clock },
        { provide: Keyring, useValue: dependencies.keyring },
        {
          provide: Outbound,
          useValue: new Outbound({ allow: dependencies.settings.outboundAllow, userAgent: 'Gatehouse' }),
        },
        { provide: SelectorSource, useValue: dependencies.selectors },
        { provide: PROCESS_ACTOR, useValue: dependencies.processActor },
        { provide: GeneratorId, useValue: dependencies.generatorId },
        { provide: Log, useValue: dependencies.log },
        { provide: Counters, useValue: dependencies.counters },
        { provide: Languages, useValue: dependencies.languages },
        { provide: BrowserCookie, useValue: browserCookie },
        {
          provide: PageForms,
          inject: [Clock, RejectedForms],
          useFactory: (clock: Clock, rejectedForms: RejectedForms) =>
            new PageForms({ origin, csrf, browserCookie, clock, refused: (why) => rejectedForms.note(why) }),
        },
        ...services,
        AcceptIssuer,
        RecordAuditExport,
      ],
      exports: [
        SETTINGS,
        CurrentSettings,
        Store,
        Clock,
        Keyring,
        Outbound,
        SelectorSource,
        GeneratorId,
        Log,
        Counters,
        Languages,
        BrowserCookie,
        PageForms,
        ...services,
      ],
    };
  }
}
