import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { cameByItself, OAuthError, type AdministrationScope, type Scope } from '@gatehouse/domain/oauth';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Clock } from '@gatehouse/platform/clock';
import { clientAddress, requestId, type WebRequest } from '@gatehouse/platform/http/request';
import { noteSignedIn } from '../../audit/denied-access.service.js';
import { ClientsService } from '../../clients/clients.service.js';
import { GrantsService } from '../../grants/grants.service.js';
import { AccessTokensService, type AccessToken } from '../../tokens/access-tokens.service.js';
import { RoleRequirements } from '../../users/role-requirements.service.js';
import { SecondFactorLookup } from '../../users/second-factor-lookup.js';
import type { User } from '../../users/user.js';
import { UsersService } from '../../users/users.service.js';
import type { Actor } from '../../operations/actor.js';
import { afterRecentSignIn, demand } from '../../operations/policy.js';
import { BearerTokens, type PresentedToken } from '../../protocol/userinfo/bearer.js';
import { letIn } from './call.js';
import { operationOf, type OperationDescription } from './operation.js';

/**
 * Lets in who has an access token of this server with the scope that the operation needs. Of a person's token counts the
 * lesser of the scope and what the person's roles are now.
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
    if (!operation) throw new Error('a method of the API that does not say what it needs');
    const request = context.switchToHttp().getRequest<WebRequest>();
    const now = this.clock.now();
    const presented = await this.bearer.check(request, now);
    const { client, token } = presented;
    const { userId: personId } = token;
    const origin = { address: clientAddress(request), requestId: requestId(request), clientId: client.id };
    noteSignedIn(request, {
      actorId: personId,
      address: origin.address,
      requestId: origin.requestId,
      viaClientId: client.id,
    });
    const actor = await this.admit(presented, operation, { ...origin, now });
    letIn(
      {
        request,
        now,
        actor,
        clientId: client.id,
        personId,
      },
      () => this.lookAgain(token, operation, origin),
    );
    return true;
  }

  /** By what is true now; a DPoP proof is shown once, so the token is not presented again. */
  private async lookAgain(
    { selector, clientId }: AccessToken,
    operation: OperationDescription,
    origin: Origin,
  ): Promise<Actor> {
    const now = this.clock.now();
    const token = await this.tokens.findBySelector(selector, now);
    const client = await this.clients.find(clientId);
    if (!token || !client || client.disabledAt !== undefined)
      throw new OAuthError('invalid_token', 'The access token is unknown, expired or revoked.', {
        reason: 'api.token_ended',
      });
    return this.admit({ token, client }, operation, { ...origin, now });
  }

  /**
   * Who acts, where they are let in. The policy of operations decides whether a sign-in is recent; it is asked here too, before
   * a body is read.
   * @throws OAuthError invalid_token, insufficient_scope; OperationError recent_sign_in
   */
  private async admit(
    presented: PresentedToken,
    operation: OperationDescription,
    origin: Origin & { readonly now: EpochSeconds },
  ): Promise<Actor> {
    const allowed = scopesOf(presented);
    if (!allowed.includes(operation.needs) && !allowed.includes('gatehouse:admin'))
      throw insufficient(`This needs the scope ${operation.needs}.`, 'api.scope', operation.needs);
    const { userId } = presented.token;
    const { now } = origin;
    const person = userId === undefined ? undefined : await this.checkPerson(userId, presented, operation.needs, now);
    const actor = await this.actorOf(presented, person, { ...origin, needs: operation.needs });
    if (operation.needs === 'gatehouse:admin' && operation.signIn === undefined) demandRecentSignIn(actor);
    return actor;
  }

  private async actorOf(
    { token }: PresentedToken,
    person: User | undefined,
    { needs, ...origin }: Origin & { readonly needs: AdministrationScope; readonly now: EpochSeconds },
  ): Promise<Actor> {
    const { now } = origin;
    if (!person) return { kind: 'client', ...origin };
    const { id: userId, roles } = person;
    // Reading needs no sign-in to be looked up. A token by an assertion of another server comes from none.
    const grant =
      needs === 'gatehouse:read' || token.grantSelector === undefined
        ? undefined
        : await this.grants.findLive(token.grantSelector, now);
    const signIn = grant?.authTime === undefined ? undefined : { authTime: grant.authTime, amr: grant.amr };
    const hasSecondFactor = signIn === undefined || signIn.amr.includes('mfa') || (await this.factors.hasAny(userId));
    return { kind: 'person', userId, roles, signIn, hasSecondFactor, ...origin };
  }

  private async checkPerson(
    id: string,
    { token }: PresentedToken,
    needs: AdministrationScope,
    now: EpochSeconds,
  ): Promise<User> {
    const person = await this.users.find(id);
    if (!person || person.disabledAt !== undefined)
      throw new OAuthError('invalid_token', 'The access token is unknown, expired or revoked.', {
        reason: 'api.person',
      });
    const may = person.roles.includes('admin') || (needs === 'gatehouse:read' && person.roles.includes('auditor'));
    if (!may) throw insufficient('The person of this token does not have the role for it.', 'api.role', needs);
    // A page would ask for it; here the login that the token comes from must have had it.
    if (!(await this.requirements.demandSecondFactor(person.roles))) return person;
    const grant = token.grantSelector === undefined ? undefined : await this.grants.findLive(token.grantSelector, now);
    if (!grant?.amr.includes('mfa'))
      throw insufficient(
        'A role of this person demands a second factor: log in with one, and get a new token.',
        'api.second_factor',
        needs,
      );
    return person;
  }
}

/** Which request of which client. */
interface Origin {
  readonly address: string;
  readonly requestId: string;
  readonly clientId: string;
}

/** @throws OperationError recent_sign_in, which is answered with a step-up challenge (RFC 9470 3) */
function demandRecentSignIn(actor: Actor): void {
  demand(actor, afterRecentSignIn(actor));
}

/** What the token says and its client may still have: an administrator took it back, or it came by itself. */
function scopesOf({ token, client }: PresentedToken): Scope {
  if (cameByItself(client.source)) return [];
  if (token.userId === undefined && !client.actsForItself) return [];
  return token.scope.filter((scope) => client.scope.includes(scope));
}

function insufficient(sentence: string, reason: string, scope: string): OAuthError {
  return new OAuthError('insufficient_scope', sentence, { reason, scope });
}
