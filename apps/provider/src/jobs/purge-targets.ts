import { Inject, Injectable } from '@nestjs/common';
import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import type { Unit } from '@gatehouse/platform/database/store';
import type { PurgeStep } from '../database/sweep.js';
import { Activity } from '../audit/activity.service.js';
import { RejectedForms } from '../audit/rejected-forms.service.js';
import { FailedRequests } from '../audit/failed-requests.service.js';
import { AuditChain } from '../audit/audit-chain.service.js';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { AuthorizationCodes } from '../protocol/authorization/authorization-codes.service.js';
import { DeviceAuthorizations } from '../protocol/authorization/device-authorizations.service.js';
import { Interactions } from '../protocol/authorization/interactions.service.js';
import { PushedRequests } from '../protocol/authorization/pushed-requests.service.js';
import { ClientStates } from '../clients/client-states.service.js';
import { Registrations } from '../clients/registration/registrations.service.js';
import { ClientsService } from '../clients/clients.service.js';
import { TrustedBrowsers } from '../users/factors/trusted-browsers.service.js';
import { GrantsService } from '../grants/grants.service.js';
import { AccessTokensService } from '../tokens/access-tokens.service.js';
import { RefreshTokensService } from '../tokens/refresh-tokens.service.js';
import { IdempotentResponses } from '../replay/idempotent-responses.service.js';
import { ReplayCache } from '../replay/replay-cache.service.js';
import { SessionsService } from '../users/sessions/sessions.service.js';
import { Invitations } from '../users/invitations/invitations.service.js';
import { SavedForms } from '../users/sessions/saved-forms.service.js';
import { LoginThrottle } from '../users/throttling/login-throttle.service.js';
import { Outbox } from '../outbox/outbox.service.js';
import { OneTimeLinks } from '../users/credentials/one-time-links.service.js';

/** Deletes a bounded number of rows of a table. */
export type Purge = (unit: Unit, now: EpochSeconds) => Promise<PurgeStep>;

/** Every table that must be purged, and the service that does it. */
@Injectable()
// eslint-disable-next-line local/max-injected-dependencies -- the list of all tables that are purged, in order; each belongs to another service
export class PurgeTargets {
  constructor(
    @Inject(Interactions) private readonly interactions: Interactions,
    @Inject(PushedRequests) private readonly pushed: PushedRequests,
    @Inject(DeviceAuthorizations) private readonly devices: DeviceAuthorizations,
    @Inject(AuthorizationCodes) private readonly codes: AuthorizationCodes,
    @Inject(AccessTokensService) private readonly accessTokens: AccessTokensService,
    @Inject(RefreshTokensService) private readonly refreshTokens: RefreshTokensService,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(OneTimeLinks) private readonly links: OneTimeLinks,
    @Inject(SavedForms) private readonly savedForms: SavedForms,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
    @Inject(TrustedBrowsers) private readonly trusted: TrustedBrowsers,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ReplayCache) private readonly replay: ReplayCache,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(ClientStates) private readonly clientStates: ClientStates,
    @Inject(Registrations) private readonly registrations: Registrations,
    @Inject(Invitations) private readonly invitations: Invitations,
    @Inject(IdempotentResponses) private readonly idempotentResponses: IdempotentResponses,
    @Inject(Activity) private readonly activity: Activity,
    @Inject(FailedRequests) private readonly failedRequests: FailedRequests,
    @Inject(RejectedForms) private readonly rejectedForms: RejectedForms,
    @Inject(AuditChain) private readonly auditChain: AuditChain,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** Tokens before their grants: a grant is kept as long as a token of it can be replayed. */
  readonly all: readonly Purge[] = [
    (unit, now) => this.refreshTokens.purgeReplays(unit, now),
    (unit, now) => this.interactions.purgeExpired(unit, now),
    (unit, now) => this.pushed.purgeExpired(unit, now),
    (unit, now) => this.devices.purgeExpired(unit, now),
    (unit, now) => this.accessTokens.purgeExpired(unit, now),
    (unit, now) => this.refreshTokens.purgeExpired(unit, now),
    (unit, now) => this.grants.purgeExpired(unit, now),
    (unit) => this.grants.purgeSessionClients(unit),
    (unit, now) => this.codes.purgeExpired(unit, now),
    (unit, now) => this.sessions.purgeExpired(unit, now),
    (unit, now) => this.outbox.purgeExpired(unit, now),
    inOneStep((unit, now) => this.links.purgeExpired(unit, now)),
    inOneStep((unit, now) => this.savedForms.purgeExpired(unit, now)),
    inOneStep((unit, now) => this.invitations.purgeExpired(unit, now)),
    inOneStep((unit, now) => this.throttle.purgeExpired(unit, now)),
    inOneStep((unit, now) => this.trusted.purgeExpired(unit, now)),
    inOneStep((unit, now) => this.clients.purgeExpired(unit, now)),
    inOneStep((unit, now) => this.replay.purgeExpired(unit, now)),
    inOneStep((unit, now) => this.activity.purgeExpired(unit, now)),
    (unit, now) => this.failedRequests.purgeExpired(unit, now),
    inOneStep((unit, now) => this.rejectedForms.purgeExpired(unit, now)),
    inOneStep((unit, now) => this.idempotentResponses.purgeExpired(unit, now)),
    (unit, now) => this.clientStates.purgeUnused(unit, now),
    (unit, now) => this.purgeAudit(unit, now),
    inOneStep((unit, now) => this.registrations.purgeExpired(unit, now)),
  ];

  private purgeAudit(unit: Unit, now: EpochSeconds): Promise<PurgeStep> {
    const { auditRetentionSeconds } = this.settings;
    if (auditRetentionSeconds === 0) return Promise.resolve({ deleted: 0, more: false });
    return this.auditChain.purgeSealed(unit, addSeconds(now, -auditRetentionSeconds), now);
  }
}

/** For small tables with an index on the expiry. */
function inOneStep(purge: (unit: Unit, now: EpochSeconds) => Promise<number>): Purge {
  return async (unit, now) => ({ deleted: await purge(unit, now), more: false });
}
