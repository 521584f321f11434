import { Inject, Injectable } from '@nestjs/common';
import { addSeconds } from '@gatehouse/domain/kernel';
import {
  authorizationErrorParameters,
  authorizationResponseParameters,
  nextStep,
  type AuthorizationRequest,
  type Client,
  type OAuthError,
} from '@gatehouse/domain/oauth';
import { Reply } from '@gatehouse/server/web/reply';
import { Store } from '@gatehouse/server/database/store';
import { AuditService } from '../audit/audit.service.js';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { ConsentsService } from '../grants/consents.service.js';
import { GrantsService } from '../grants/grants.service.js';
import { PageError } from '../http/page-error.js';
import { routes } from '../http/routes.js';
import type { UserVisit, Visit } from '../users/visit.js';
import { CodesService } from './codes.service.js';
import type { KeptContent, Progress } from './kept-request.js';
import { KeptRequestsService } from './kept-requests.service.js';
import { responseMode } from './response-modes/response-modes.js';

/** An authorization request on its way: just arrived (no id yet), or kept. */
export interface Pending {
  readonly id: string | undefined;
  readonly request: AuthorizationRequest;
  readonly client: Client;
  /** The person that a verified `id_token_hint` names. */
  readonly hintedUserId?: string | undefined;
  readonly progress: Progress;
}

/** The one place that knows what comes next in a login. Pages end here and know no other page. */
@Injectable()
export class Dispatcher {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(KeptRequestsService) private readonly kept: KeptRequestsService,
    @Inject(CodesService) private readonly codes: CodesService,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(ConsentsService) private readonly consents: ConsentsService,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /** Answers the client, or sends the person to the page that is missing. */
  async next(visit: Visit, pending: Pending): Promise<Reply> {
    const { request, client } = pending;
    const { session, user } = visit;
    const step = nextStep({
      request,
      client,
      session: session && { userId: session.userId, authTime: session.authTime, full: session.full },
      account: user && { secondFactorOwed: false },
      consent: user && (await this.consents.find(user.id, client.id)),
      progress: { ...pending.progress, hintedUserId: pending.hintedUserId },
      now: visit.now,
    });
    switch (step.kind) {
      case 'answer':
        if (!user || !session) throw new Error('an answer needs a person');
        return this.answer({ ...visit, user, session }, pending);
      case 'deny':
        return this.deny(visit, request, step.error);
      case 'login':
        return this.page(visit, pending, routes.login);
      case 'second-factor':
        // Nobody can have a second factor yet: every session is full, and none is owed.
        throw new Error('no page asks for a second factor in this version');
      case 'consent':
        return this.page(visit, pending, routes.consent);
    }
  }

  /** The error answer that goes back to the client (RFC 6749 4.1.2.1, RFC 9207). */
  deny(
    visit: Visit,
    request: Pick<AuthorizationRequest, 'redirectUri' | 'responseMode' | 'state'>,
    error: OAuthError,
  ): Reply {
    const parameters = authorizationErrorParameters({ error, state: request.state, issuer: this.settings.issuer });
    return responseMode(request.responseMode).reply(request.redirectUri, parameters, visit.cookies);
  }

  /** Keeps where the browser was going and gives the id. */
  async keep(visit: Visit, content: KeptContent): Promise<string> {
    const id = await this.store.run((unit) =>
      this.kept.keep(unit, content, { browserHash: visit.browser.hash, addressKey: visit.addressKey }, visit.now),
    );
    if (id === undefined) throw new PageError('request.too_many', { retryAfterSeconds: 60 });
    return id;
  }

  private async page(visit: Visit, pending: Pending, path: string): Promise<Reply> {
    const id =
      pending.id ??
      (await this.keep(visit, { kind: 'authorization', request: pending.request, hintedUserId: pending.hintedUserId }));
    return Reply.redirect(`${path}?request=${encodeURIComponent(id)}`, { cookies: visit.cookies });
  }

  /** Grant, code and their trace in one unit; nothing else is written. */
  private async answer(visit: UserVisit, pending: Pending): Promise<Reply> {
    const { now, user, session } = visit;
    const { id, request } = pending;
    const code = await this.store.run(async (unit) => {
      const grant = await this.grants.create(
        unit,
        {
          clientId: request.clientId,
          userId: user.id,
          sessionId: session.id,
          scope: request.scope,
          authTime: session.authTime,
          amr: session.amr,
          acr: session.acr,
          expiresAt: addSeconds(now, this.settings.codeLifetimeSeconds),
        },
        now,
      );
      if (grant === undefined) return undefined;
      await this.audit.record(unit, {
        type: 'grant.created',
        actorId: user.id,
        clientId: request.clientId,
        subjectId: String(grant),
        address: visit.address,
        requestId: visit.requestId,
      });
      if (id !== undefined) await this.kept.answered(unit, id, visit.browser.hash, now);
      return this.codes.issue(unit, request, grant, now);
    });
    // Logged out, or switched off, between the look at the session and now: ask anew.
    if (code === undefined) return this.next({ ...visit, session: undefined, user: undefined }, pending);
    const parameters = authorizationResponseParameters({ code, state: request.state, issuer: this.settings.issuer });
    return responseMode(request.responseMode).reply(request.redirectUri, parameters, visit.cookies);
  }
}
