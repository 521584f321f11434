import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import {
  anySecondFactor,
  authenticationRequirements,
  deviceStepRequest,
  OAuthError,
  unmetRequirements,
  type Client,
} from '@gatehouse/domain/oauth';
import type { Form } from '@gatehouse/platform/http/form';
import { localAddress } from '@gatehouse/platform/http/local-address';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { DeclinedRequests } from '../protocol/authorization/declined-requests.service.js';
import { Dispatcher } from '../protocol/authorization/dispatcher.service.js';
import type { Interaction } from '../protocol/authorization/interaction.js';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import type { AddedFactor } from '../users/factors/enrolment.service.js';
import { AddAuthenticatorApp } from '../users/factors/operations/add-authenticator-app.js';
import { AddPasskey } from '../users/factors/operations/add-passkey.js';
import { SecondFactors, type FactorOutcome } from '../users/factors/second-factor.service.js';
import { Counters } from '../monitoring/counters.js';
import { routes } from '../web/routes.js';
import { text } from '../i18n/message.js';
import { PageOperations, type PageOutcome, type OperationFailure } from '../users/page-operations.service.js';
import { UsersService } from '../users/users.service.js';
import type { RequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { clientRequestOf, SignInInteractions, resumeAddress } from './sign-in-interactions.service.js';
import { SecondFactorPage, type Asked, type Shown } from './second-factor-page.js';

/** Asks for a second factor, or lets the user add their first one when one is required. */
@Controller(routes.secondFactor)
// eslint-disable-next-line local/max-injected-dependencies -- asking for a factor and adding the first one share a page and its interaction
export class SecondFactorController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(SignInInteractions) private readonly interactions: SignInInteractions,
    @Inject(DeclinedRequests) private readonly declined: DeclinedRequests,
    @Inject(Dispatcher) private readonly dispatcher: Dispatcher,
    @Inject(SecondFactors) private readonly factors: SecondFactors,
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(Counters) private readonly counters: Counters,
    @Inject(SecondFactorPage) private readonly pages: SecondFactorPage,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.open(request);
    const parameters = query(request);
    const next = localAddress(parameters.get('next'));
    if (context.session && next !== undefined && !parameters.has('request')) {
      const id = await this.dispatcher.createInteraction(context, { kind: 'address', address: next });
      return Reply.redirect(`${routes.secondFactor}?request=${encodeURIComponent(id)}`, { cookies: context.cookies });
    }
    const asked = await this.checkAsked(context, parameters.get('request'));
    return asked instanceof Reply ? asked : this.pages.show(asked, {});
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request, { limitBytes: 32 * 1024 });
    const context = await this.contexts.open(request);
    const asked = await this.checkAsked(context, form.get('request') || (query(request).get('request') ?? undefined));
    if (asked instanceof Reply) return asked;
    if (refusal) return this.pages.show(asked, { status: 403, error: text(refusal.id) });
    const action = form.get('action') ?? 'code';
    if (action === 'decline') return this.decline(asked);
    if (action === 'add-app' || action === 'add-passkey') return this.enrol(asked, form, action);
    const outcome = await this.verifyFactor(asked, form, action);
    this.counters.secondFactor(outcome.kind);
    switch (outcome.kind) {
      case 'proved':
        return Reply.redirect(nextAddress(asked), { cookies: [...context.cookies, ...outcome.cookies] });
      case 'ended':
        return Reply.redirect(nextAddress(asked), { cookies: context.cookies });
      case 'throttled':
        return this.pages.show(asked, {
          status: 429,
          error: text('factor.throttled'),
          retryAfterSeconds: this.settings.loginFailures.seconds,
        });
      case 'wrong':
        return this.pages.show(
          asked,
          action === 'passkey'
            ? { status: 401, error: text('factor.wrongPasskey') }
            : { status: 401, action, problem: action === 'recovery' ? wrongRecovery : wrongCode },
        );
    }
  }

  private verifyFactor({ context }: Asked, form: Form, action: string): Promise<FactorOutcome> {
    const trustDays = Number(form.text('trust'));
    if (action === 'passkey') return this.factors.withPasskey(context, form.text('assertion'), trustDays);
    if (action === 'recovery') return this.factors.withRecoveryCode(context, form.text('recovery'));
    return this.factors.withCode(context, form.text('otp'), trustDays);
  }

  private async enrol(asked: Asked, form: Form, action: 'add-app' | 'add-passkey'): Promise<Reply> {
    const { context, user } = asked;
    const mayEnrol = await this.pages.mayEnrol(asked);
    if (!mayEnrol) return this.pages.show(asked, { status: 403, error: text('factor.loginFirst') });
    const submission = { context: { ...context, user }, form };
    const outcome: PageOutcome<AddedFactor> =
      action === 'add-app'
        ? await this.operations.execute(
            AddAuthenticatorApp,
            { session: context.session, offer: form.text('offer'), otp: form.text('otp') },
            submission,
          )
        : await this.operations.execute(
            AddPasskey,
            {
              session: context.session,
              browserId: context.browser.id,
              attestation: form.text('attestation'),
              name: form.text('passkeyName'),
            },
            submission,
          );
    if ('result' in outcome) return this.enrolled(asked, outcome.result);
    // The user already has one, or the session has ended.
    if (outcome.refusal.status === 409) return Reply.redirect(nextAddress(asked), { cookies: context.cookies });
    return this.pages.show(asked, enrolmentProblem(outcome.refusal, action, form));
  }

  private enrolled(asked: Asked, { session, cookieValue, codes }: AddedFactor): Reply {
    const { context } = asked;
    const cookies = this.contexts.sessionCookiesFor(session, cookieValue);
    if (!codes) return Reply.redirect(nextAddress(asked), { cookies: [...context.cookies, ...cookies] });
    return this.contexts.page(
      context,
      'factors/recovery-codes',
      { codes, continueHref: nextAddress(asked), clientName: asked.client?.name },
      { cookies },
    );
  }

  /** The client requires a factor that the user cannot or will not present. */
  private async decline(asked: Asked): Promise<Reply> {
    const { context } = asked;
    const request = clientRequestOf(asked);
    if (!request || asked.unmet.length === 0) return Reply.redirect(nextAddress(asked), { cookies: context.cookies });
    const error = new OAuthError(
      'unmet_authentication_requirements',
      'The user did not present the required second factor.',
      { reason: 'acr.declined' },
    );
    return this.declined.decline(context, request, error);
  }

  /** Which requirements the session does not meet; a redirect when it meets all, or when there is no session. */
  private async checkAsked(context: RequestContext, id: string | undefined): Promise<Asked | Reply> {
    const { interaction, client } = await this.interactions.find(context, id);
    const { session } = context;
    const user = session && (await this.users.find(session.userId));
    if (!session || !user)
      return Reply.redirect(interaction ? resumeAddress(interaction.id) : routes.login, { cookies: context.cookies });
    const unmet = unmetRequirements(requirementsOf(interaction, client), session.amr);
    const asked: Asked = { context: { ...context, session }, user, interaction, client, unmet };
    return context.user && unmet.length === 0
      ? Reply.redirect(nextAddress(asked), { cookies: context.cookies })
      : asked;
  }
}

/** Pages of this server that redirect here require a second factor of any kind. */
function requirementsOf(
  interaction: Interaction | undefined,
  client: Client | undefined,
): readonly (readonly string[])[] {
  if (interaction?.kind === 'address') return anySecondFactor;
  if (!interaction || !client) return [];
  return authenticationRequirements(
    interaction.kind === 'device' ? deviceStepRequest(interaction.device, client) : interaction.request,
    client,
  );
}

function nextAddress({ interaction }: Asked): string {
  return interaction ? resumeAddress(interaction.id) : routes.home;
}

const wrongCode = text('factor.wrongCode');
const wrongRecovery = text('factor.wrongRecovery');

/** A wrong code is reported next to its field, and the enrolment continues. */
function enrolmentProblem({ status, problems: [problem] }: OperationFailure, action: string, form: Form): Shown {
  if (problem?.field === 'otp') return { status, action, problem: problem.message, offer: form.text('offer') };
  return { status, action, error: problem?.message };
}
