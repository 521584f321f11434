import { Inject, Injectable } from '@nestjs/common';
import { jwsAlgorithms, parseJws, type Jws } from '@gatehouse/domain/jose';
import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import {
  algorithmsUnder,
  checkAssertionResources,
  checkBearerAssertion,
  invalidAssertion,
  isSubset,
  OAuthError,
  type Client,
  type JwtBearerRequest,
  type Scope,
  type TrustedIssuer,
} from '@gatehouse/domain/oauth';
import { Store } from '@gatehouse/platform/database/store';
import { AuditService } from '../../../audit/audit.service.js';
import { ClientKeys } from '../../../clients/keys/client-keys.service.js';
import { SETTINGS } from '../../../config/settings.token.js';
import type { Settings } from '../../../config/settings.js';
import { GrantsService } from '../../../grants/grants.service.js';
import { routes } from '../../../web/routes.js';
import { TrustedIssuers } from '../../../trusted-issuers/trusted-issuers.service.js';
import { ReplayCache } from '../../../replay/replay-cache.service.js';
import { ResourcesService } from '../../../resources/resources.service.js';
import type { User } from '../../../users/user.js';
import { UsersService } from '../../../users/users.service.js';
import type { GrantContext, GrantResult, GrantType } from './grant-type.js';

const maxAssertionCharacters = 16_000;
/** Generic types and the specific one are allowed (RFC 7523bis). */
const assertionTypes: readonly string[] = ['jwt', 'authorization-grant+jwt'];

/**
 * A client presents another server's signed assertion about a user and gets an access token for that user (RFC 7523
 * 2.1). An administrator has configured the server, the client and the scopes, which replaces the user's consent. There
 * is no refresh token: the client presents another assertion instead (RFC 7521 4.1).
 */
@Injectable()
// eslint-disable-next-line local/max-injected-dependencies -- issuer, signature, replay, user and resources are all checked before the grant is stored (RFC 7523 3)
export class JwtBearerGrant implements GrantType<JwtBearerRequest> {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Store) private readonly store: Store,
    @Inject(TrustedIssuers) private readonly issuers: TrustedIssuers,
    @Inject(ClientKeys) private readonly keys: ClientKeys,
    @Inject(ReplayCache) private readonly replay: ReplayCache,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  async validate(request: JwtBearerRequest, { client, now }: GrantContext): Promise<GrantResult> {
    const { trusted, jws } = await this.issuerOf(request.assertion, client, now);
    const audiences = [this.settings.issuer, this.settings.issuer + routes.token];
    const asserted = checkBearerAssertion(jws.payload, { audiences, now });
    const scope = scopeOf(request.scope, client, trusted);
    const { resources } = request;
    await this.resources.getAll(resources);
    checkAssertionResources(resources, scope, trusted, await this.resources.all());
    const user = await this.userOf(asserted.sub, trusted);
    // Consumed regardless of the result: a legitimate client never presents it twice.
    const issuer = `assertion of ${trusted.id}`;
    const isFirst = await this.store.run((unit) =>
      this.replay.use(unit, issuer, asserted.jti, asserted.expiresAt, now),
    );
    if (!isFirst) throw invalidAssertion('It has been used before.', 'replayed');
    const grant = this.grants.newSelector();
    const { authTime } = asserted;
    return {
      kind: 'granted',
      endsWith: 'client',
      authorizedGrant: { clientId: client.id, userId: user.id, grant, scope, resources, mayRefresh: false, authTime },
      redeem: (unit, { access }) => {
        const { expiresAt } = access;
        this.grants.createAlone(
          unit,
          grant,
          {
            clientId: client.id,
            userId: user.id,
            trustedIssuer: trusted,
            scope,
            resources,
            authTime,
            expiresAt: addSeconds(expiresAt, 1),
          },
          now,
        );
        void this.audit.record(unit, {
          type: 'grant.created',
          actorId: user.id,
          clientId: client.id,
          subjectId: String(grant),
          details: { issuer: trusted.issuer },
        });
      },
    };
  }

  /** @throws OAuthError invalid_grant unless an issuer signed it whose assertions this client may present */
  private async issuerOf(
    text: string,
    client: Client,
    now: EpochSeconds,
  ): Promise<{ readonly trusted: TrustedIssuer; readonly jws: Jws }> {
    const jws = parseJws(text, { maxLength: maxAssertionCharacters });
    const iss = jws?.payload['iss'];
    const trusted = typeof iss === 'string' ? await this.issuers.find(iss) : undefined;
    // One description for both cases: it must not reveal which issuers are trusted.
    if (!jws || !trusted?.clients.includes(client.id))
      throw invalidAssertion('The client may not present assertions of this issuer.', 'issuer');
    // RFC 8725 3.11: an access token, a logout token or a proof of that server is not an assertion, whatever its
    // audience.
    const { typ } = jws.header;
    if (
      typ !== undefined &&
      !assertionTypes.includes(
        String(typ)
          .toLowerCase()
          .replace(/^application\//, ''),
      )
    )
      throw invalidAssertion('Its typ is not that of an assertion.', 'type');
    const algorithm = algorithmsUnder(client.securityProfile, jwsAlgorithms).find((each) => each === jws.header.alg);
    // Administrators add issuers, so their keys need no further approval.
    const owner = { ...trusted, approvedAt: trusted.createdAt };
    const check = algorithm && (await this.keys.checkSignature(owner, jws, algorithm, now));
    // RFC 7515 4.1.4
    if (check === 'kid_missing')
      throw invalidAssertion('Its issuer has several keys: it must name its key by kid.', 'kid');
    if (check !== 'genuine') throw invalidAssertion('Its signature does not match a key of its issuer.', 'signature');
    return { trusted, jws };
  }

  /** @throws OAuthError invalid_grant */
  private async userOf(sub: string, { subject }: TrustedIssuer): Promise<User> {
    const found = await this.candidates(sub, subject);
    const [user] = found;
    if (!user || found.length > 1 || user.disabledAt !== undefined)
      throw invalidAssertion('Its sub does not identify an active account.', 'subject');
    return user;
  }

  private async candidates(sub: string, subject: TrustedIssuer['subject']): Promise<readonly User[]> {
    if (subject === 'email') return (await this.users.findByEmail(sub)).filter(({ emailVerified }) => emailVerified);
    const user = await (subject === 'id' ? this.users.find(sub) : this.users.findByUsername(sub));
    // Names that are equal here (`alice`, `Alice`) may belong to different users there.
    return user && (subject === 'id' || user.username === sub) ? [user] : [];
  }
}

/** @throws OAuthError invalid_scope for scopes that are not allowed for both client and issuer */
function scopeOf(requested: Scope | undefined, client: Client, trusted: TrustedIssuer): Scope {
  const allowed = trusted.scope.filter((scope) => client.scope.includes(scope));
  const scope = requested ?? allowed;
  if (!isSubset(scope, allowed) || scope.length === 0)
    throw new OAuthError('invalid_scope', 'The client may not request this scope with assertions of this issuer.', {
      reason: 'assertion.scope',
    });
  return scope;
}
