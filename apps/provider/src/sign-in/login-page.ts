import { Inject, Injectable } from '@nestjs/common';
import type { Reply } from '@gatehouse/platform/http/reply';
import type { Interaction } from '../protocol/authorization/interaction.js';
import { ClientLogos } from '../clients/client-logos.service.js';
import { CurrentSettings } from '../settings/current-settings.js';
import { PasskeyCeremonies } from '../users/factors/passkey-ceremonies.service.js';
import { routes } from '../web/routes.js';
import { type Message, text } from '../i18n/message.js';
import type { RequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { clientView } from './client-view.js';
import { clientRequestOf, pageOptionsOf, SignInInteractions, resumeAddress } from './sign-in-interactions.service.js';

export interface Shown {
  readonly status?: number;
  readonly username?: string;
  readonly error?: Message;
  readonly notice?: Message | undefined;
  readonly retryAfterSeconds?: number;
}

/** The sign-in page: who is signed in, and the interaction that the sign-in is for. */
@Injectable()
export class LoginPage {
  constructor(
    @Inject(CurrentSettings) private readonly settings: CurrentSettings,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(SignInInteractions) private readonly interactions: SignInInteractions,
    @Inject(PasskeyCeremonies) private readonly ceremonies: PasskeyCeremonies,
    @Inject(ClientLogos) private readonly logos: ClientLogos,
  ) {}

  async show(context: RequestContext, id: string | undefined, shown: Shown): Promise<Reply> {
    const { interaction, client } = await this.interactions.find(context, id);
    const offered = interaction ? undefined : await this.interactions.offered(context);
    const chooses = interaction !== undefined && mayChoose(context, interaction);
    const continuation =
      context.user && interaction && !requiresLogin(interaction)
        ? { href: resumeAddress(interaction.id), clientName: client?.name }
        : offered;
    return this.contexts.page(
      context,
      'sign-in/login',
      {
        heading: headingOf(chooses, client?.name),
        account: chooses && context.user ? { id: context.user.id, username: context.user.username } : undefined,
        ...clientView(client, this.logos),
        pending: interaction?.id,
        cancels: clientRequestOf({ interaction, client }) !== undefined,
        username:
          shown.username ?? (interaction?.kind === 'authorization' ? interaction.request.loginHint : undefined) ?? '',
        error: shown.error,
        notice: shown.notice,
        loggedInAs: chooses ? undefined : context.user?.username,
        passkeyOptions: await this.ceremonies.loginOptions(context),
        usesPasskeys: this.ceremonies.possible,
        // Browsers offer passkeys among the names that they fill in (WebAuthn 3 5.1.4).
        usernameAutocomplete: this.ceremonies.possible ? 'username webauthn' : 'username',
        submitKind: chooses ? undefined : 'primary',
        forgotHref: withRequest(routes.forgotPassword, interaction),
        continueHref: continuation?.href,
        continueName: continuation?.clientName,
        dismisses: continuation !== undefined && continuation === offered,
        signUpHref: this.settings.current().signUp === 'open' ? withRequest(routes.signUp, interaction) : undefined,
      },
      {
        status: shown.status ?? 200,
        ...pageOptionsOf(interaction),
        ...(shown.retryAfterSeconds === undefined
          ? {}
          : { headers: { 'Retry-After': String(shown.retryAfterSeconds) } }),
      },
    );
  }
}

function headingOf(chooses: boolean, client: string | undefined): Message {
  if (chooses) return text('login.choose');
  return client === undefined ? text('login.title') : text('login.titleFor', { client });
}

/** The address of a page on which the sign-in continues. */
function withRequest(path: string, interaction: Interaction | undefined): string {
  return interaction ? `${path}?request=${encodeURIComponent(interaction.id)}` : path;
}

/** True when the client asks for an account selection and the current session would satisfy the request (OpenID Connect Core 3.1.2.1). */
export function mayChoose({ user, session, now }: RequestContext, interaction: Interaction): boolean {
  if (!user || !session || interaction.kind !== 'authorization') return false;
  const { prompt, maxAge } = interaction.request;
  return (
    prompt.includes('select_account') &&
    !prompt.includes('login') &&
    (maxAge === undefined || now - session.authTime < maxAge)
  );
}

/** True while the request requires a new sign-in: the current session cannot continue it. */
function requiresLogin(interaction: Interaction): boolean {
  return (
    interaction.kind === 'authorization' &&
    interaction.progress.loggedInAt === undefined &&
    (interaction.request.prompt.includes('login') ||
      interaction.request.prompt.includes('select_account') ||
      interaction.request.maxAge !== undefined)
  );
}
