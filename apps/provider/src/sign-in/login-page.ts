import { Inject, Injectable } from '@nestjs/common';
import type { Reply } from '@gatehouse/platform/http/reply';
import type { Interaction } from '../protocol/authorization/interaction.js';
import { ClientLogos } from '../clients/client-logos.service.js';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { Ceremonies } from '../users/factors/ceremonies.service.js';
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

/** The sign-in page: whoever is here, and the request that waits for them. */
@Injectable()
export class LoginPage {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(SignInInteractions) private readonly pending: SignInInteractions,
    @Inject(Ceremonies) private readonly ceremonies: Ceremonies,
    @Inject(ClientLogos) private readonly logos: ClientLogos,
  ) {}

  async show(context: RequestContext, id: string | undefined, shown: Shown): Promise<Reply> {
    const { kept, client } = await this.pending.find(context, id);
    const elsewhere = kept ? undefined : await this.pending.offered(context);
    const chooses = kept !== undefined && mayChoose(context, kept);
    const goesOn =
      context.user && kept && !asksForLogin(kept)
        ? { href: resumeAddress(kept.id), clientName: client?.name }
        : elsewhere;
    return this.contexts.page(
      context,
      'sign-in/login',
      {
        heading: chooses ? text('login.choose') : text('login.title'),
        account: chooses && context.user ? { id: context.user.id, username: context.user.username } : undefined,
        ...clientView(client, this.logos),
        pending: kept?.id,
        cancels: clientRequestOf({ kept, client }) !== undefined,
        username: shown.username ?? (kept?.kind === 'authorization' ? kept.request.loginHint : undefined) ?? '',
        error: shown.error,
        notice: shown.notice,
        loggedInAs: chooses ? undefined : context.user?.username,
        passkeyOptions: await this.ceremonies.loginOptions(context),
        usesPasskeys: this.ceremonies.possible,
        continueHref: goesOn?.href,
        continueName: goesOn?.clientName,
        dismisses: goesOn !== undefined && goesOn === elsewhere,
        signUpHref:
          this.settings.signUp === 'open'
            ? routes.signUp + (kept ? `?request=${encodeURIComponent(kept.id)}` : '')
            : undefined,
      },
      {
        status: shown.status ?? 200,
        ...pageOptionsOf(kept),
        ...(shown.retryAfterSeconds === undefined
          ? {}
          : { headers: { 'Retry-After': String(shown.retryAfterSeconds) } }),
      },
    );
  }
}

/** True where the client wants the person to choose, and the login that there is would do (OpenID Connect Core 3.1.2.1). */
export function mayChoose({ user, session, now }: RequestContext, kept: Interaction): boolean {
  if (!user || !session || kept.kind !== 'authorization') return false;
  const { prompt, maxAge } = kept.request;
  return (
    prompt.includes('select_account') &&
    !prompt.includes('login') &&
    (maxAge === undefined || now - session.authTime < maxAge)
  );
}

/** True while the request insists on a fresh login: then there is nothing to continue with. */
function asksForLogin(kept: Interaction): boolean {
  return (
    kept.kind === 'authorization' &&
    kept.progress.loggedInAt === undefined &&
    (kept.request.prompt.includes('login') ||
      kept.request.prompt.includes('select_account') ||
      kept.request.maxAge !== undefined)
  );
}
