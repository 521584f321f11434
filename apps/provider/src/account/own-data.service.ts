import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { Factors } from '../users/factors/factors.service.js';
import { SessionsService } from '../users/sessions/sessions.service.js';
import { browserName } from '../users/sessions/browser-name.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { ConnectedApplications } from './connected-applications.service.js';

/** All data of an account, for its user. Contains no secrets: those are stored as hashes or encrypted, if at all. */
@Injectable()
export class OwnData {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(Factors) private readonly factors: Factors,
    @Inject(ConnectedApplications) private readonly applications: ConnectedApplications,
  ) {}

  async of(context: UserRequestContext): Promise<Readonly<Record<string, unknown>>> {
    const { user, now } = context;
    const { totp, passkeys, codesLeft } = await this.factors.of(user.id);
    return {
      issuer: this.settings.issuer,
      exported_at: instant(now),
      account: {
        id: user.id,
        username: user.username,
        name: user.name,
        given_name: user.givenName,
        family_name: user.familyName,
        email: user.email,
        email_verified: user.emailVerified,
        profile: user.profile,
        roles: user.roles,
        has_password: user.hasPassword,
        created_at: instant(user.createdAt),
        updated_at: instant(user.updatedAt),
        last_login_at: user.lastLoginAt && instant(user.lastLoginAt),
      },
      second_factors: {
        authenticator_app: totp !== undefined,
        passkeys: passkeys.map(({ name, createdAt }) => ({ name, created_at: instant(createdAt) })),
        recovery_codes_left: codesLeft,
      },
      sessions: (await this.sessions.listOf(user.id, now)).map((session) => ({
        browser: browserName(session.userAgent),
        user_agent: session.userAgent,
        address: session.address,
        created_at: instant(session.createdAt),
        last_seen_at: instant(session.lastSeenAt),
      })),
      applications: (await this.applications.listOf(context)).map((application) => ({
        client_id: application.clientId,
        name: application.name,
        may: [...application.server, ...application.others].map(({ sentence }) => sentence),
        apis: application.apis.map(({ name, identifier, permissions }) => ({
          name,
          identifier,
          may: permissions.map(({ sentence }) => sentence),
        })),
        since: instant(application.since),
        last_used_at: application.lastUsedAt && instant(application.lastUsedAt),
      })),
    };
  }
}

function instant(seconds: EpochSeconds): string {
  return new Date(seconds * 1000).toISOString();
}
