import { Inject, Injectable } from '@nestjs/common';
import {
  deviceStepRequest,
  nextStep,
  requestedSubjects,
  type AuthorizationRequest,
  type Client,
  type ClaimsRequest,
  type NextStep,
  type NextStepInput,
  type OAuthError,
  type Scope,
  type StepRequest,
} from '@gatehouse/domain/oauth';
import { claimsBeyondScope } from '@gatehouse/domain/oidc';
import { Reply } from '@gatehouse/platform/http/reply';
import { Store } from '@gatehouse/platform/database/store';
import { Factors } from '../../users/factors/factors.service.js';
import { Subjects } from '../../clients/subjects.service.js';
import { ConsentsService } from '../../consents/consents.service.js';
import { PageError } from '../../web/page-error.js';
import { routes } from '../../web/routes.js';
import { ResourcesService } from '../../resources/resources.service.js';
import type { Visit } from '../../users/sessions/visit.js';
import { Answers } from './answers.service.js';
import { DeviceAnswers, type DeviceOutcome } from './device-answers.service.js';
import { ErrorResponses } from './error-responses.service.js';
import type { KeptContent, Progress, WaitingDevice } from './kept-request.js';
import { KeptRequestsService } from './kept-requests.service.js';
import type { Pending, PendingDevice } from './pending.js';
import type { StatefulRequest } from './session-states.service.js';

/** The one place that knows what comes next in a login. Pages end here and know no other page. */
@Injectable()
export class Dispatcher {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(KeptRequestsService) private readonly kept: KeptRequestsService,
    @Inject(ConsentsService) private readonly consents: ConsentsService,
    @Inject(Subjects) private readonly subjects: Subjects,
    @Inject(Answers) private readonly answers: Answers,
    @Inject(DeviceAnswers) private readonly deviceAnswers: DeviceAnswers,
    @Inject(Factors) private readonly factors: Factors,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(ErrorResponses) private readonly errors: ErrorResponses,
  ) {}

  /** Answers the client, or sends the person to the page that is missing. */
  async next(visit: Visit, pending: Pending): Promise<Reply> {
    const { request } = pending;
    const step = await this.stepOf(visit, pending);
    switch (step.kind) {
      case 'answer':
        return this.answer(visit, pending);
      case 'deny':
        return this.errors.answer(visit, {
          ...request,
          silent: request.prompt.includes('none'),
          client: pending.client,
          progress: pending.progress,
          error: step.error,
        });
      default:
        return this.page(visit, pending, pages[step.kind]);
    }
  }

  /** The same for a device: its answer waits for its next poll, and the person is told to go back to it (RFC 8628 3.3). */
  async nextForDevice(visit: Visit, pending: PendingDevice): Promise<Reply> {
    const { id, device, client, progress } = pending;
    const step = await this.stepOf(visit, { request: deviceStepRequest(device, client), client, progress });
    switch (step.kind) {
      case 'answer':
        return this.answerDevice(visit, pending);
      case 'deny':
        return this.denyDevice(visit, id, device);
      default:
        return Reply.redirect(`${pages[step.kind]}?request=${encodeURIComponent(id)}`, { cookies: visit.cookies });
    }
  }

  async denyDevice(visit: Visit, id: string, device: WaitingDevice): Promise<Reply> {
    return deviceReply(visit, await this.deviceAnswers.deny(visit, id, device));
  }

  private async stepOf(visit: Visit, pending: Steps): Promise<NextStep> {
    const { request, client } = pending;
    const { session, user } = visit;
    const subject = session && (await this.subjects.of(client, session.userId));
    const demands: Demands =
      request.claims && subject !== undefined ? demandsOf(request.claims, request.scope, subject) : {};
    // The hint names the person as this client knows them (OpenID Connect Core 8.1). The account's id names nobody to a
    // pairwise client: the answer would tell it whose it is.
    const mayBeMeant = subject === undefined || pending.hintedUserId === undefined || pending.hintedUserId === subject;
    return nextStep({
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
      definedScopes: await this.resources.definedScopes(request.resources),
      ...demands,
      otherSubject: !mayBeMeant || demands.otherSubject,
      progress: {
        ...pending.progress,
        hintedUserId:
          subject !== undefined && pending.hintedUserId === subject ? session?.userId : pending.hintedUserId,
      },
      now: visit.now,
    });
  }

  /** The error answer of a person's own decision, which goes back to the client (RFC 6749 4.1.2.1, RFC 9207). */
  deny(
    visit: Visit,
    request: StatefulRequest & Pick<AuthorizationRequest, 'clientId' | 'responseMode' | 'state'>,
    error: OAuthError,
  ): Promise<Reply> {
    return this.answers.deny(visit, request, error);
  }

  /** Keeps where the browser was going and gives the id. */
  async keep(visit: Visit, content: KeptContent): Promise<string> {
    const owner = { browserHash: visit.browser.hash, addressKey: visit.addressKey, userId: visit.session?.userId };
    const id = await this.store.run((unit) => this.kept.keep(unit, content, owner, visit.now));
    if (id === undefined) throw new PageError('request.too_many', { retryAfterSeconds: 60 });
    return id;
  }

  private async page(visit: Visit, pending: Pending, path: string): Promise<Reply> {
    const id =
      pending.id ??
      (await this.keep(visit, { kind: 'authorization', request: pending.request, hintedUserId: pending.hintedUserId }));
    return Reply.redirect(`${path}?request=${encodeURIComponent(id)}`, { cookies: visit.cookies });
  }

  private async answerDevice(visit: Visit, pending: PendingDevice): Promise<Reply> {
    const { user, session } = visit;
    if (!user || !session) throw new Error('an answer needs a person');
    const outcome = await this.deviceAnswers.approve({ ...visit, user, session }, pending);
    return outcome
      ? deviceReply(visit, outcome)
      : this.nextForDevice({ ...visit, session: undefined, user: undefined }, pending);
  }

  private async answer(visit: Visit, pending: Pending): Promise<Reply> {
    const { user, session } = visit;
    if (!user || !session) throw new Error('an answer needs a person');
    const reply = await this.answers.grant({ ...visit, user, session }, pending);
    // Logged out, or switched off, between the look at the session and now: ask anew.
    return reply ?? this.next({ ...visit, session: undefined, user: undefined }, pending);
  }
}

/** Of any request: what `nextStep` judges. */
interface Steps {
  readonly request: StepRequest;
  readonly client: Client;
  readonly hintedUserId?: string | undefined;
  readonly progress: Progress;
}

/** The page of each step that has one. */
const pages = { login: routes.login, 'second-factor': routes.secondFactor, consent: routes.consent } as const;

function deviceReply({ cookies }: Visit, outcome: DeviceOutcome): Reply {
  return Reply.redirect(`${routes.device}/done?answer=${outcome}`, { cookies });
}

type Demands = Pick<NextStepInput, 'claimsBeyondScope' | 'subjectRequested' | 'otherSubject'>;

/** What the `claims` parameter wants of this person, as far as it decides what comes next. */
function demandsOf(claims: ClaimsRequest, scope: Scope, subject: string): Demands {
  const subjects = requestedSubjects(claims);
  return {
    claimsBeyondScope: claimsBeyondScope(claims, scope),
    subjectRequested: subjects !== undefined,
    otherSubject: subjects !== undefined && !subjects.includes(subject),
  };
}
