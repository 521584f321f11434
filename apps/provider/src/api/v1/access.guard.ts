import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { OAuthError, type AdministrationScope, type Scope } from '@gatehouse/domain/oauth';
import type { EpochSeconds, Selector } from '@gatehouse/domain/kernel';
import { Clock } from '@gatehouse/platform/clock';
import { clientAddress, requestId, type WebRequest } from '@gatehouse/platform/http/request';
import { recordActor } from '../../audit/denied-access.service.js';
import { administrationScopeOf } from '../../clients/administration-scope.js';
import { ClientsService } from '../../clients/clients.service.js';
import { GrantsService } from '../../grants/grants.service.js';
import { AccessTokensService, type AccessToken } from '../../tokens/access-tokens.service.js';
import { tokenRevoked } from '../../tokens/current-tokens.service.js';
import { RoleRequirements } from '../../users/role-requirements.service.js';
import { SecondFactorLookup } from '../../users/second-factor-lookup.js';
import type { User } from '../../users/user.js';
import { UsersService } from '../../users/users.service.js';
import type { Actor } from '../../operations/actor.js';
import { afterRecentSignIn, requireAllowed } from '../../operations/policy.js';
import { BearerTokens, type PresentedToken } from '../../protocol/userinfo/bearer.js';
import { setAccess } from './call.js';
import { operationOf, type OperationDescription } from './operation.js';

/**
 * Requires an access token of this server with the scope of the operation. A user's token permits no more than the user's
 * current roles.
 */
@Injectable()
// eslint-disable-next-line local/max-injected-dependencies -- access depends on the token, its client, its user, the roles and the second factor together
export class AccessGuard implements CanActivate {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(BearerTokens) private readonly bearer: BearerTokens,
    @Inject(AccessTokensService) private readonly tokens: AccessTokensService,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(RoleRequirements) private readonly requirements: RoleRequirements,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(SecondFactorLookup) private readonly factors: SecondFactorLookup,
  ) {}

  /** @throws OAuthError invalid_token, insufficient_scope; OperationError recent_sign_in */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const operation = operationOf(context.getHandler());
    if (!operation) throw new Error('The API method has no @Operation.');
    const request = context.switchToHttp().getRequest<WebRequest>();
    const now = this.clock.now();
    const presented = await this.bearer.check(request, now);
    const { client, token } = presented;
    const { userId } = token;
    const origin = {
      address: clientAddress(request),
      requestId: requestId(request),
      clientId: client.id,
      tokenSelector: token.selector,
    };
    recordActor(request, {
      actorId: userId,
      address: origin.address,
      requestId: origin.requestId,
      viaClientId: client.id,
    });
    const actor = await this.authenticateActor(presented, operation, { ...origin, now });
    setAccess(
      {
        request,
        now,
        actor,
        clientId: client.id,
        personId: userId,
      },
      () => this.recheck(token, operation, origin),
    );
    return true;
  }

  /** Checks the current state of token and client; a DPoP proof is valid once, so the token is not validated again. */
  private async recheck(
    { selector, clientId }: AccessToken,
    operation: OperationDescription,
    origin: Origin,
  ): Promise<Actor> {
    const now = this.clock.now();
    const token = await this.tokens.findBySelector(selector, now);
    const client = await this.clients.find(clientId);
    if (!token || !client || client.disabledAt !== undefined) throw tokenRevoked();
    return this.authenticateActor({ token, client }, operation, { ...origin, now });
  }

  /**
   * The actor, if access is granted. The policy of the operation requires the recent sign-in; it is checked here, too, before
   * the body is read.
   * @throws OAuthError invalid_token, insufficient_scope; OperationError recent_sign_in
   */
  private async authenticateActor(
    presented: PresentedToken,
    operation: OperationDescription,
    origin: Origin & { readonly now: EpochSeconds },
  ): Promise<Actor> {
    const allowed = scopesOf(presented);
    if (!allowed.includes(operation.requiredScope) && !allowed.includes('gatehouse:admin'))
      throw insufficientScope(
        `This operation requires the scope ${operation.requiredScope}.`,
        'api.scope',
        operation.requiredScope,
      );
    const { userId } = presented.token;
    const { now } = origin;
    const user =
      userId === undefined ? undefined : await this.checkUser(userId, presented, operation.requiredScope, now);
    const actor = await this.actorOf(presented, user, { ...origin, needs: operation.requiredScope });
    if (operation.requiredScope === 'gatehouse:admin' && operation.signIn === undefined) requireRecentSignIn(actor);
    return actor;
  }

  private async actorOf(
    { token }: PresentedToken,
    user: User | undefined,
    { needs, ...origin }: Origin & { readonly needs: AdministrationScope; readonly now: EpochSeconds },
  ): Promise<Actor> {
    const { now } = origin;
    if (!user) return { kind: 'client', ...origin };
    const { id: userId, roles } = user;
    // Reading requires no sign-in. A token issued for another server's assertion has none.
    const grant =
      needs === 'gatehouse:read' || token.grantSelector === undefined
        ? undefined
        : await this.grants.findActive(token.grantSelector, now);
    const signIn = grant?.authTime === undefined ? undefined : { authTime: grant.authTime, amr: grant.amr };
    const hasSecondFactor = signIn === undefined || signIn.amr.includes('mfa') || (await this.factors.hasAny(userId));
    return { kind: 'person', userId, roles, signIn, hasSecondFactor, ...origin };
  }

  private async checkUser(
    id: string,
    { token }: PresentedToken,
    needs: AdministrationScope,
    now: EpochSeconds,
  ): Promise<User> {
    const user = await this.users.find(id);
    if (!user || user.disabledAt !== undefined)
      throw new OAuthError('invalid_token', 'The access token is unknown, expired or revoked.', {
        reason: 'api.person',
      });
    const isAllowed = user.roles.includes('admin') || (needs === 'gatehouse:read' && user.roles.includes('auditor'));
    if (!isAllowed) throw insufficientScope('The user of this token does not have the role for it.', 'api.role', needs);
    // A page could ask for it now; here the login of the token must have included it.
    if (!(await this.requirements.requireSecondFactor(user.roles))) return user;
    const grant =
      token.grantSelector === undefined ? undefined : await this.grants.findActive(token.grantSelector, now);
    if (!grant?.amr.includes('mfa'))
      throw insufficientScope(
        'A role of this user requires a second factor: log in with one, and get a new token.',
        'api.second_factor',
        needs,
      );
    return user;
  }
}

/** The request, its client and its token. */
interface Origin {
  readonly address: string;
  readonly requestId: string;
  readonly clientId: string;
  readonly tokenSelector: Selector;
}

/** @throws OperationError recent_sign_in, which results in a step-up challenge (RFC 9470 3) */
function requireRecentSignIn(actor: Actor): void {
  requireAllowed(actor, afterRecentSignIn(actor));
}

/** The scopes of the token that its client may still have; none for a dynamically registered client. */
function scopesOf({ token, client }: PresentedToken): Scope {
  const allowed = administrationScopeOf(client, token.userId === undefined ? 'itself' : 'a person');
  return token.scope.filter((scope) => allowed.includes(scope));
}

function insufficientScope(sentence: string, reason: string, scope: string): OAuthError {
  return new OAuthError('insufficient_scope', sentence, { reason, scope });
}
