import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import {
  accessTokenType,
  prependActor,
  checkActorToken,
  exchangedScope,
  exchangeRulesFor,
  isDelegated,
  jwtType,
  OAuthError,
  type Actor,
  type Client,
  type ExchangeRule,
  type Resource,
  type TokenExchangeRequest,
} from '@gatehouse/domain/oauth';
import { AuditService } from '../../../audit/audit.service.js';
import { Subjects } from '../../../clients/subjects.service.js';
import { GrantsService } from '../../../grants/grants.service.js';
import { AccessTokensService, type AccessToken } from '../../../tokens/access-tokens.service.js';
import { ResourcesService } from '../../../resources/resources.service.js';
import type { GrantContext, GrantResult, GrantType } from './grant-type.js';

/** A user's token, which ends with its grant and session. */
interface Subject extends AccessToken {
  readonly userId: string;
  readonly grantSelector: NonNullable<AccessToken['grantSelector']>;
}

interface ActorContext {
  readonly client: Client;
  readonly subject: Subject;
  readonly rules: readonly ExchangeRule[];
  /** The thumbprint of the request's DPoP key. */
  readonly dpopJkt: string | undefined;
}

/**
 * A client presents a user's access token and gets one for another API (RFC 8693). The new token depends on the grant
 * of the presented one, and ends with it.
 */
@Injectable()
export class TokenExchangeGrant implements GrantType<TokenExchangeRequest> {
  constructor(
    @Inject(AccessTokensService) private readonly tokens: AccessTokensService,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(Subjects) private readonly subjects: Subjects,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  async validate(request: TokenExchangeRequest, { client, now, proof }: GrantContext): Promise<GrantResult> {
    const dpopJkt = proof?.jkt;
    const subject = await this.subjectOf(request.subjectToken, client, now, dpopJkt);
    const grant = await this.grants.findActive(subject.grantSelector, now);
    if (!grant) throw invalidSubjectToken('exchange.grant_ended');
    const rules = exchangeRulesFor(request.targets, client.tokenExchange);
    const resources = await this.resourcesOf(rules, request.requestedType);
    const authorizedGrant = {
      clientId: client.id,
      userId: subject.userId,
      grant: grant.selector,
      scope: exchangedScope(request.scope, { clientScope: client.scope, subject, grant, resources }),
      resources: rules.map(({ resource }) => resource),
      mayRefresh: false,
      authTime: grant.authTime,
      amr: grant.amr,
      acr: grant.acr,
      // Limited to the lifetime of the subject token, because the user did not consent again.
      notAfter: subject.expiresAt,
      act: await this.actorOf(request.actorToken, { client, subject, rules, dpopJkt }, now),
      issuedTokenType: accessTokenType,
    };
    return {
      kind: 'granted',
      // The grant may belong to another client.
      endsWith: 'client',
      authorizedGrant,
      redeem: (unit) =>
        void this.audit.record(unit, {
          type: 'token.exchanged',
          actorId: subject.userId,
          clientId: client.id,
          subjectId: String(grant.selector),
          details: { from: subject.clientId, resource: authorizedGrant.resources.join(' ').slice(0, 1000) },
        }),
    };
  }

  /**
   * The subject token: one issued to this client, or one sent to the API that this client represents.
   * @throws OAuthError invalid_request for any problem with it (RFC 8693 2.2.2)
   */
  private async subjectOf(
    text: string,
    client: Client,
    now: EpochSeconds,
    dpopJkt: string | undefined,
  ): Promise<Subject> {
    const token = await this.tokens.findActiveOfAnyFormat(text, now);
    if (!token) throw invalidSubjectToken('exchange.subject_unknown');
    const isOwn = token.clientId === client.id;
    if (!isOwn && !(await this.isSentTo(client, token))) throw invalidSubjectToken('exchange.not_holder');
    // If the token was sent to an API, that API has verified the proof (RFC 9449 7); its own client must send one.
    if (isOwn && token.dpopJkt !== undefined && token.dpopJkt !== dpopJkt)
      throw invalidSubjectToken('exchange.dpop_jkt');
    const { userId, grantSelector } = token;
    if (userId === undefined || grantSelector === undefined)
      throw new OAuthError('invalid_request', 'The subject_token was not issued for a user.', {
        reason: 'exchange.no_person',
      });
    return { ...token, userId, grantSelector };
  }

  private async isSentTo(client: Client, token: AccessToken): Promise<boolean> {
    if (!client.resourceServer) return false;
    const resource = await this.resources.findByClient(client.id);
    return resource !== undefined && token.audience.includes(resource.identifier);
  }

  /**
   * The actor of the new token. Without an actor_token it is the client; with impersonation, it stays the previous
   * actor, if any.
   */
  private async actorOf(
    text: string | undefined,
    { client, subject, rules, dpopJkt }: ActorContext,
    now: EpochSeconds,
  ): Promise<Actor | undefined> {
    const delegated = isDelegated(rules);
    if (text === undefined) return delegated ? prependActor(client.id, subject.act) : subject.act;
    if (!delegated)
      throw new OAuthError(
        'invalid_request',
        'This client uses impersonation for this resource: actor_token is not allowed.',
        {
          reason: 'exchange.no_delegation',
        },
      );
    const actor = checkActorToken(await this.tokens.findActiveOfAnyFormat(text, now), client.id, dpopJkt);
    const sub = actor.userId === undefined ? client.id : await this.subjects.of(client, actor.userId);
    return prependActor(sub, subject.act);
  }

  /** @throws OAuthError invalid_target for an API that does not exist, invalid_request if it does not accept JWTs */
  private async resourcesOf(
    rules: readonly ExchangeRule[],
    requestedType: string | undefined,
  ): Promise<readonly Resource[]> {
    const resources = await this.resources.getAll(rules.map(({ resource }) => resource));
    if (requestedType === jwtType && resources.some(({ tokenFormat }) => tokenFormat !== 'jwt'))
      throw new OAuthError('invalid_request', 'This resource accepts opaque tokens: no JWT can be issued for it.', {
        reason: 'exchange.no_jwt',
      });
    return resources;
  }
}

function invalidSubjectToken(reason: string): OAuthError {
  // One description for all cases: it must not reveal anything about a guessed token.
  return new OAuthError(
    'invalid_request',
    'The subject_token is unknown or expired, or this client may not exchange it.',
    {
      reason,
    },
  );
}
