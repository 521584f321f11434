import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { cameByItself, OAuthError, type AdministrationScope, type Scope } from '@gatehouse/domain/oauth';
import { Clock } from '@gatehouse/server/clock';
import { clientAddress, requestId, type WebRequest } from '@gatehouse/server/web/request';
import { UsersService } from '../../users/users.service.js';
import { BearerTokens, type PresentedToken } from '../../userinfo/bearer.js';
import { letIn } from './call.js';
import { operationOf } from './operation.js';

/**
 * Lets in who has an access token of this server with the scope that the operation needs. Of a person's token counts the
 * lesser of the scope and what the person's roles are now.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(BearerTokens) private readonly bearer: BearerTokens,
    @Inject(UsersService) private readonly users: UsersService,
  ) {}

  /** @throws NoToken, OAuthError invalid_token, insufficient_scope */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const operation = operationOf(context.getHandler());
    if (!operation) throw new Error('a method of the API that does not say what it needs');
    const request = context.switchToHttp().getRequest<WebRequest>();
    const now = this.clock.now();
    const presented = await this.bearer.check(request, now);
    const allowed = scopesOf(presented);
    if (!allowed.includes(operation.needs) && !allowed.includes('gatehouse:admin'))
      throw insufficient(`This needs the scope ${operation.needs}.`, 'api.scope', operation.needs);
    const personId = presented.token.userId;
    if (personId !== undefined) await this.checkPerson(personId, operation.needs);
    const actor = {
      actorId: personId,
      address: clientAddress(request),
      requestId: requestId(request),
      viaClientId: presented.client.id,
    };
    letIn({ request, now, actor, clientId: presented.client.id, personId });
    return true;
  }

  private async checkPerson(id: string, needs: AdministrationScope): Promise<void> {
    const person = await this.users.find(id);
    if (!person || person.disabledAt !== undefined)
      throw new OAuthError('invalid_token', 'The access token is unknown, expired or revoked.', {
        reason: 'api.person',
      });
    const may = person.roles.includes('admin') || (needs === 'gatehouse:read' && person.roles.includes('auditor'));
    if (!may) throw insufficient('The person of this token does not have the role for it.', 'api.role', needs);
  }
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
