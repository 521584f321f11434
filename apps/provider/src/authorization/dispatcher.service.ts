import { Inject, Injectable } from '@nestjs/common';
import {
  nextStep,
  requestedSubjects,
  type AuthorizationRequest,
  type ClaimsRequest,
  type NextStepInput,
  type OAuthError,
  type Scope,
} from '@gatehouse/domain/oauth';
import { claimsBeyondScope } from '@gatehouse/domain/oidc';
import { Reply } from '@gatehouse/server/web/reply';
import { Store } from '@gatehouse/server/database/store';
import { Factors } from '../factors/factors.service.js';
import { Subjects } from '../clients/subjects.service.js';
import { ConsentsService } from '../grants/consents.service.js';
import { PageError } from '../http/page-error.js';
import { routes } from '../http/routes.js';
import type { Visit } from '../users/visit.js';
import { Answers } from './answers.service.js';
import type { KeptContent } from './kept-request.js';
import { KeptRequestsService } from './kept-requests.service.js';
import type { Pending } from './pending.js';

/** The one place that knows what comes next in a login. Pages end here and know no other page. */
@Injectable()
export class Dispatcher {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(KeptRequestsService) private readonly kept: KeptRequestsService,
    @Inject(ConsentsService) private readonly consents: ConsentsService,
    @Inject(Subjects) private readonly subjects: Subjects,
    @Inject(Answers) private readonly answers: Answers,
    @Inject(Factors) private readonly factors: Factors,
  ) {}

  /** Answers the client, or sends the person to the page that is missing. */
  async next(visit: Visit, pending: Pending): Promise<Reply> {
    const { request, client } = pending;
    const { session, user } = visit;
    const subject = session && (await this.subjects.of(client, session.userId));
    const step = nextStep({
      request,
      client,
      session: session && {
        userId: session.userId,
        authTime: session.authTime,
        full: session.full,
        amr: session.amr,
      },
      // Whoever was removed or switched off has no session here.
      account: session && { secondFactorOwed: visit.secondFactorOwed },
      supportedContexts: this.factors.supportedContexts,
      consent: user && (await this.consents.find(user.id, client.id)),
      ...(request.claims && subject !== undefined ? demandsOf(request.claims, request.scope, subject) : {}),
      progress: {
        ...pending.progress,
        // The hint names the person as this client knows them (OpenID Connect Core 8.1).
        hintedUserId:
          subject !== undefined && pending.hintedUserId === subject ? session?.userId : pending.hintedUserId,
      },
      now: visit.now,
    });
    switch (step.kind) {
      case 'answer':
        return this.answer(visit, pending);
      case 'deny':
        return this.deny(visit, request, step.error);
      case 'login':
        return this.page(visit, pending, routes.login);
      case 'second-factor':
        return this.page(visit, pending, routes.secondFactor);
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
    return this.answers.deny(visit, request, error);
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

  private async answer(visit: Visit, pending: Pending): Promise<Reply> {
    const { user, session } = visit;
    if (!user || !session) throw new Error('an answer needs a person');
    const reply = await this.answers.grant({ ...visit, user, session }, pending);
    // Logged out, or switched off, between the look at the session and now: ask anew.
    return reply ?? this.next({ ...visit, session: undefined, user: undefined }, pending);
  }
}

/** What the `claims` parameter wants of this person, as far as it decides what comes next. */
function demandsOf(
  claims: ClaimsRequest,
  scope: Scope,
  subject: string,
): Pick<NextStepInput, 'claimsBeyondScope' | 'otherSubject'> {
  const subjects = requestedSubjects(claims);
  return {
    claimsBeyondScope: claimsBeyondScope(claims, scope),
    otherSubject: subjects !== undefined && !subjects.includes(subject),
  };
}
