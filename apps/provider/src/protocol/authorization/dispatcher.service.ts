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
import type { InteractionContent, InteractionProgress, PendingDevice } from './interaction.js';
import { Interactions } from './interactions.service.js';
import type { CurrentInteraction, CurrentDeviceInteraction } from './current-interaction.js';
import type { StatefulRequest } from './session-states.service.js';

/** Decides the next step of an interaction. Pages redirect here and do not know any other page. */
@Injectable()
// eslint-disable-next-line local/max-injected-dependencies -- the next step depends on consent, subject, factors and resources together
export class Dispatcher {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Interactions) private readonly interactions: Interactions,
    @Inject(ConsentsService) private readonly consents: ConsentsService,
    @Inject(Subjects) private readonly subjects: Subjects,
    @Inject(AuthorizationResponder) private readonly responder: AuthorizationResponder,
    @Inject(DeviceResponder) private readonly deviceResponder: DeviceResponder,
    @Inject(Factors) private readonly factors: Factors,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(ErrorResponses) private readonly errors: ErrorResponses,
  ) {}

  /** Responds to the client, or redirects the user to the page of the next step. */
  async next(context: RequestContext, interaction: CurrentInteraction): Promise<Reply> {
    const { request } = interaction;
    const step = await this.stepOf(context, interaction);
    switch (step.kind) {
      case 'answer':
        return this.respond(context, interaction);
      case 'deny':
        return this.errors.respond(context, {
          ...request,
          silent: request.prompt.includes('none'),
          client: interaction.client,
          progress: interaction.progress,
          error: step.error,
        });
      default:
        return this.page(context, interaction, pages[step.kind]);
    }
  }

  /** The same for a device, which receives the response at its next poll; the user returns to it (RFC 8628 3.3). */
  async nextForDevice(context: RequestContext, interaction: CurrentDeviceInteraction): Promise<Reply> {
    const { id, device, client, progress } = interaction;
    const step = await this.stepOf(context, { request: deviceStepRequest(device, client), client, progress });
    switch (step.kind) {
      case 'answer':
        return this.approveDevice(context, interaction);
      case 'deny':
        return this.denyDevice(context, id, device);
      default:
        return Reply.redirect(`${pages[step.kind]}?request=${encodeURIComponent(id)}`, { cookies: context.cookies });
    }
  }

  async denyDevice(context: RequestContext, id: string, device: PendingDevice): Promise<Reply> {
    return deviceReply(context, await this.deviceResponder.deny(context, id, device));
  }

  private async stepOf(context: RequestContext, interaction: StepInput): Promise<NextStep> {
    const { request, client } = interaction;
    const { session, user } = context;
    const subject = session && (await this.subjects.of(client, session.userId));
    const claimRequirements: ClaimRequirements =
      request.claims && subject !== undefined ? claimRequirementsOf(request.claims, request.scope, subject) : {};
    // The hint is the subject as this client knows it (OpenID Connect Core 8.1). For a pairwise client the account's id is
    // not a subject: accepting it would reveal whose account it is.
    const matchesHint =
      subject === undefined || interaction.hintedUserId === undefined || interaction.hintedUserId === subject;
    return nextStep({
      request,
      client,
      session: session && {
        userId: session.userId,
        authTime: session.authTime,
        full: session.full,
        amr: session.amr,
      },
      // A deleted or disabled user has no session.
      account: session && { secondFactorMissing: context.secondFactorMissing },
      supportedContexts: this.factors.supportedContexts,
      consent: user && (await this.consents.find(user.id, client.id)),
      definedScopes: await this.resources.definedScopes(request.resources),
      ...claimRequirements,
      otherSubject: !matchesHint || claimRequirements.otherSubject,
      progress: {
        ...interaction.progress,
        hintedUserId:
          subject !== undefined && interaction.hintedUserId === subject ? session?.userId : interaction.hintedUserId,
      },
      now: context.now,
    });
  }

  /** The error response to the client after a decision of the user (RFC 6749 4.1.2.1, RFC 9207). */
  deny(
    context: RequestContext,
    request: StatefulRequest & Pick<AuthorizationRequest, 'clientId' | 'responseMode' | 'state'>,
    error: OAuthError,
  ): Promise<Reply> {
    return this.responder.deny(context, request, error);
  }

  /** Stores an interaction. @returns its id */
  async createInteraction(context: RequestContext, content: InteractionContent): Promise<string> {
    const owner = {
      browserHash: context.browser.hash,
      addressKey: context.addressKey,
      userId: context.session?.userId,
    };
    const id = await this.store.run((unit) => this.interactions.create(unit, content, owner, context.now));
    if (id === undefined) throw new PageError('request.too_many', { retryAfterSeconds: 60 });
    return id;
  }

  private async page(context: RequestContext, interaction: CurrentInteraction, path: string): Promise<Reply> {
    const id =
      interaction.id ??
      (await this.createInteraction(context, {
        kind: 'authorization',
        request: interaction.request,
        hintedUserId: interaction.hintedUserId,
      }));
    return Reply.redirect(`${path}?request=${encodeURIComponent(id)}`, { cookies: context.cookies });
  }

  private async approveDevice(context: RequestContext, interaction: CurrentDeviceInteraction): Promise<Reply> {
    const { user, session } = context;
    if (!user || !session) throw new Error('A response requires a signed-in user.');
    const outcome = await this.deviceResponder.approve({ ...context, user, session }, interaction);
    return outcome
      ? deviceReply(context, outcome)
      : this.nextForDevice({ ...context, session: undefined, user: undefined }, interaction);
  }

  private async respond(context: RequestContext, interaction: CurrentInteraction): Promise<Reply> {
    const { user, session } = context;
    if (!user || !session) throw new Error('A response requires a signed-in user.');
    const reply = await this.responder.grant({ ...context, user, session }, interaction);
    // The session ended, or the user was disabled, after the session was read: start over without it.
    return reply ?? this.next({ ...context, session: undefined, user: undefined }, interaction);
  }
}

/** What `nextStep` needs of any request. */
interface StepInput {
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

type ClaimRequirements = Pick<NextStepInput, 'claimsBeyondScope' | 'subjectRequested' | 'otherSubject'>;

/** What the `claims` parameter requires of this user, as far as it affects the next step. */
function claimRequirementsOf(claims: ClaimsRequest, scope: Scope, subject: string): ClaimRequirements {
  const subjects = requestedSubjects(claims);
  return {
    claimsBeyondScope: claimsBeyondScope(claims, scope),
    subjectRequested: subjects !== undefined,
    otherSubject: subjects !== undefined && !subjects.includes(subject),
  };
}
