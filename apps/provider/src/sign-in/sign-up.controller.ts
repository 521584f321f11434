import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import type { Form } from '@gatehouse/platform/http/form';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { CurrentSettings } from '../settings/current-settings.js';
import { ClientLogos } from '../clients/client-logos.service.js';
import { problemModel } from '../web/form-errors.js';
import { PageError } from '../web/page-error.js';
import { routes } from '../web/routes.js';
import { text, type Message } from '../i18n/message.js';
import { signUpDraft, SignUp, type SignUpInput } from '../users/operations/sign-up.js';
import { PageOperations } from '../users/page-operations.service.js';
import { PasswordRules } from '../users/credentials/password-rules.js';
import { Invitations, type Invitation } from '../users/invitations/invitations.service.js';
import type { Problem, UserDraft } from '../users/user.js';
import type { RequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { LinkTokens } from './link-tokens.js';
import { LoginSessions } from './login-sessions.service.js';
import { clientRequestOf, pageOptionsOf, SignInInteractions, resumeAddress } from './sign-in-interactions.service.js';

/** Creates an account for a new user and signs them in. */
@Controller(routes.signUp)
// eslint-disable-next-line local/max-injected-dependencies -- a form that depends on an invitation, password rules and the interaction, and ends in a session
export class SignUpController {
  constructor(
    @Inject(CurrentSettings) private readonly settings: CurrentSettings,
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(SignInInteractions) private readonly interactions: SignInInteractions,
    @Inject(PasswordRules) private readonly rules: PasswordRules,
    @Inject(LoginSessions) private readonly logins: LoginSessions,
    @Inject(Invitations) private readonly invitations: Invitations,
    @Inject(LinkTokens) private readonly tokens: LinkTokens,
    @Inject(ClientLogos) private readonly logos: ClientLogos,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.open(request);
    const parameters = query(request);
    const presented = parameters.get('invitation');
    // Distinguishes a page of an invitation from a later sign-up in the same browser.
    const isInvited = parameters.get('invited') !== undefined;
    const invited = await this.admit(
      context,
      presented ?? (isInvited ? this.tokens.get(context, 'invitation') : undefined),
    );
    if (presented !== undefined && invited)
      return this.tokens.keep(context, 'invitation', presented, `${routes.signUp}?invited=yes`);
    return this.show(context, { id: parameters.get('request'), invited }, draftOf(undefined, invited), []);
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.contexts.open(request);
    const invited = await this.admit(context, form.get('invitation'));
    const id = form.get('request') || query(request).get('request');
    const from = { id, invited };
    const draft = draftOf(form, invited);
    if (refusal) return this.show(context, from, draft, [], { status: 403, error: text(refusal.id) });
    const input = { ...typedIn(form), password: form.text('password'), invitation: invited?.text };
    const outcome = await this.operations.executeForVisitor(SignUp, input, { context });
    if ('refusal' in outcome) {
      const { status, error, problems } = outcome.refusal;
      return this.show(context, from, draft, problems, { status, error });
    }
    const { user, passwordHash } = outcome.result;
    const { interaction } = await this.interactions.find(context, id);
    const loggedIn = await this.logins.start(context, {
      user,
      verifiedHash: passwordHash,
      amr: ['pwd'],
      interaction,
      counted: [],
    });
    if (!loggedIn) return Reply.redirect(routes.login, { cookies: context.cookies });
    return Reply.redirect(loggedIn.interactionId === undefined ? routes.home : resumeAddress(loggedIn.interactionId), {
      cookies: [...loggedIn.cookies, ...(invited ? [this.tokens.removed('invitation')] : [])],
    });
  }

  /**
   * The invitation that the request presents; undefined when sign-up is open to everyone.
   * @throws PageError link.spent, sign_up.off
   */
  private async admit(context: RequestContext, text: string | undefined): Promise<Invited | undefined> {
    const { signUp } = this.settings.current();
    if (text !== undefined && text !== '' && signUp !== 'off') {
      const invitation = await this.invitations.find(text, context.now);
      if (!invitation) throw new PageError('link.spent');
      return { ...invitation, text };
    }
    if (signUp === 'invitation') throw new PageError('sign_up.invitation');
    if (signUp !== 'open') throw new PageError('sign_up.off');
    return undefined;
  }

  private async show(
    context: RequestContext,
    { id, invited }: { readonly id: string | undefined; readonly invited: Invited | undefined },
    draft: UserDraft,
    problems: readonly Problem[],
    shown: { readonly status?: number; readonly error?: Message | undefined } = {},
  ): Promise<Reply> {
    const { interaction, client } = await this.interactions.find(context, id);
    return this.contexts.page(
      context,
      'sign-in/sign-up',
      {
        clientName: client?.name,
        clientLogo: this.logos.addressOf(client),
        pending: interaction?.id,
        cancels: clientRequestOf({ interaction, client }) !== undefined,
        username: draft.username,
        name: draft.name ?? '',
        email: draft.email ?? '',
        invitation: invited?.text,
        minimum: this.rules.minimum('only factor'),
        error: shown.error,
        ...problemModel(problems, ['username', 'name', 'email', 'password']),
        loginHref: routes.login + (interaction ? `?request=${encodeURIComponent(interaction.id)}` : ''),
      },
      { status: shown.status ?? (problems.length > 0 ? 422 : 200), ...pageOptionsOf(interaction) },
    );
  }
}

/** An invitation, and the token of its link as received. */
interface Invited extends Invitation {
  readonly text: string;
}

function draftOf(form: Form | undefined, invited: Invited | undefined): UserDraft {
  return signUpDraft(form ? typedIn(form) : { username: '', name: undefined, email: undefined }, invited);
}

function typedIn(form: Form): Pick<SignUpInput, 'username' | 'name' | 'email'> {
  return {
    username: form.text('username').trim(),
    name: form.text('name').trim() || undefined,
    email: form.text('email').trim() || undefined,
  };
}
