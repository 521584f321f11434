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
import type { RequestContext } from '../../users/sessions/request-context.js';
import { AuthorizationResponder } from './authorization-responder.service.js';
import { DeviceResponder, type DeviceOutcome } from './device-responder.service.js';
import { ErrorResponses } from './error-responses.service.js';
import type { InteractionContent, InteractionProgress, WaitingDevice } from './interaction.js';
import { Interactions } from './interactions.service.js';
import type { CurrentInteraction, CurrentDeviceInteraction } from './current-interaction.js';
import type { StatefulRequest } from './session-states.service.js';

/** The one place that knows what comes next in a login. Pages end here and know no other page. */
@Injectable()
export class Dispatcher {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Interactions) private readonly kept: Interactions,
    @Inject(ConsentsService) private readonly consents: ConsentsService,
    @Inject(Subjects) private readonly subjects: Subjects,
    @Inject(AuthorizationResponder) private readonly answers: AuthorizationResponder,
    @Inject(DeviceResponder) private readonly deviceAnswers: DeviceResponder,
    @Inject(Factors) private readonly factors: Factors,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(ErrorResponses) private readonly errors: ErrorResponses,
  ) {}

  /** Answers the client, or sends the person to the page that is missing. */
  async next(context: RequestContext, pending: CurrentInteraction): Promise<Reply> {
    const { request } = pending;
    const step = await this.stepOf(context, pending);
    switch (step.kind) {
      case 'answer':
        return this.answer(context, pending);
      case 'deny':
        return this.errors.answer(context, {
          ...request,
          silent: request.prompt.includes('none'),
          client: pending.client,
          progress: pending.progress,
          error: step.error,
        });
      default:
        return this.page(context, pending, pages[step.kind]);
    }
  }

  /** The same for a device: its answer waits for its next poll, and the person is told to go back to it (RFC 8628 3.3). */
  async nextForDevice(context: RequestContext, pending: CurrentDeviceInteraction): Promise<Reply> {
    const { id, device, client, progress } = pending;
    const step = await this.stepOf(context, { request: deviceStepRequest(device, client), client, progress });
    switch (step.kind) {
      case 'answer':
        return this.answerDevice(context, pending);
      case 'deny':
        return this.denyDevice(context, id, device);
      default:
        return Reply.redirect(`${pages[step.kind]}?request=${encodeURIComponent(id)}`, { cookies: context.cookies });
    }
  }

  async denyDevice(context: RequestContext, id: string, device: WaitingDevice): Promise<Reply> {
    return deviceReply(context, await this.deviceAnswers.deny(context, id, device));
  }

  private async stepOf(context: RequestContext, pending: Steps): Promise<NextStep> {
    const { request, client } = pending;
    const { session, user } = context;
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
      account: session && { secondFactorOwed: context.secondFactorOwed },
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
      now: context.now,
    });
  }

  /** The error answer of a person's own decision, which goes back to the client (RFC 6749 4.1.2.1, RFC 9207). */
  deny(
    context: RequestContext,
    request: StatefulRequest & Pick<AuthorizationRequest, 'clientId' | 'responseMode' | 'state'>,
    error: OAuthError,
  ): Promise<Reply> {
    return this.answers.deny(context, request, error);
  }

  /** Keeps where the browser was going and gives the id. */
  async keep(context: RequestContext, content: InteractionContent): Promise<string> {
    const owner = {
      browserHash: context.browser.hash,
      addressKey: context.addressKey,
      userId: context.session?.userId,
    };
    const id = await this.store.run((unit) => this.kept.keep(unit, content, owner, context.now));
    if (id === undefined) throw new PageError('request.too_many', { retryAfterSeconds: 60 });
    return id;
  }

  private async page(context: RequestContext, pending: CurrentInteraction, path: string): Promise<Reply> {
    const id =
      pending.id ??
      (await this.keep(context, {
        kind: 'authorization',
        request: pending.request,
        hintedUserId: pending.hintedUserId,
      }));
    return Reply.redirect(`${path}?request=${encodeURIComponent(id)}`, { cookies: context.cookies });
  }

  private async answerDevice(context: RequestContext, pending: CurrentDeviceInteraction): Promise<Reply> {
    const { user, session } = context;
    if (!user || !session) throw new Error('an answer needs a person');
    const outcome = await this.deviceAnswers.approve({ ...context, user, session }, pending);
    return outcome
      ? deviceReply(context, outcome)
      : this.nextForDevice({ ...context, session: undefined, user: undefined }, pending);
  }

  private async answer(context: RequestContext, pending: CurrentInteraction): Promise<Reply> {
    const { user, session } = context;
    if (!user || !session) throw new Error('an answer needs a person');
    const reply = await this.answers.grant({ ...context, user, session }, pending);
    // Logged out, or switched off, between the look at the session and now: ask anew.
    return reply ?? this.next({ ...context, session: undefined, user: undefined }, pending);
  }
}

/** Of any request: what `nextStep` judges. */
interface Steps {
  readonly request: StepRequest;
  readonly client: Client;
  readonly hintedUserId?: string | undefined;
  readonly progress: InteractionProgress;
}

/** The page of each step that has one. */
const pages = { login: routes.login, 'second-factor': routes.secondFactor, consent: routes.consent } as const;

function deviceReply({ cookies }: RequestContext, outcome: DeviceOutcome): Reply {
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
