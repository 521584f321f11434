import { Inject, Injectable } from '@nestjs/common';
import type { Reply } from '@gatehouse/platform/http/reply';
import type { KeptRequest } from '../protocol/authorization/kept-request.js';
import { ClientLogos } from '../clients/client-logos.service.js';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { Ceremonies } from '../users/factors/ceremonies.service.js';
import { routes } from '../web/routes.js';
import { type Sentence, text } from '../i18n/text.js';
import type { Visit } from '../users/sessions/visit.js';
import { Visits } from '../users/sessions/visits.service.js';
import { clientView } from './client-view.js';
import { clientRequestOf, pageOptionsOf, PendingLogins, resumeAddress } from './pending.service.js';

export interface Shown {
  readonly status?: number;
  readonly username?: string;
  readonly error?: Sentence;
  readonly notice?: Sentence | undefined;
  readonly retryAfterSeconds?: number;
}

/** The sign-in page: whoever is here, and the request that waits for them. */
@Injectable()
export class LoginPage {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PendingLogins) private readonly pending: PendingLogins,
    @Inject(Ceremonies) private readonly ceremonies: Ceremonies,
    @Inject(ClientLogos) private readonly logos: ClientLogos,
  ) {}

  async show(visit: Visit, id: string | undefined, shown: Shown): Promise<Reply> {
    const { kept, client } = await this.pending.find(visit, id);
    const elsewhere = kept ? undefined : await this.pending.offered(visit);
    const chooses = kept !== undefined && mayChoose(visit, kept);
    const goesOn =
      visit.user && kept && !asksForLogin(kept)
        ? { href: resumeAddress(kept.id), clientName: client?.name }
        : elsewhere;
    return this.visits.page(
      visit,
      'sign-in/login',
      {
        heading: chooses ? text('login.choose') : text('login.title'),
        account: chooses && visit.user ? { id: visit.user.id, username: visit.user.username } : undefined,
        ...clientView(client, this.logos),
        pending: kept?.id,
        cancels: clientRequestOf({ kept, client }) !== undefined,
        username: shown.username ?? (kept?.kind === 'authorization' ? kept.request.loginHint : undefined) ?? '',
        error: shown.error,
        notice: shown.notice,
        loggedInAs: chooses ? undefined : visit.user?.username,
        passkeyOptions: await this.ceremonies.loginOptions(visit),
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
export function mayChoose({ user, session, now }: Visit, kept: KeptRequest): boolean {
  if (!user || !session || kept.kind !== 'authorization') return false;
  const { prompt, maxAge } = kept.request;
  return (
    prompt.includes('select_account') &&
    !prompt.includes('login') &&
    (maxAge === undefined || now - session.authTime < maxAge)
  );
}

/** True while the request insists on a fresh login: then there is nothing to continue with. */
function asksForLogin(kept: KeptRequest): boolean {
  return (
    kept.kind === 'authorization' &&
    kept.progress.loggedInAt === undefined &&
    (kept.request.prompt.includes('login') ||
      kept.request.prompt.includes('select_account') ||
      kept.request.maxAge !== undefined)
  );
}
