import { Inject, Injectable } from '@nestjs/common';
import { requiresPasskey, type Client } from '@gatehouse/domain/oauth';
import type { Reply } from '@gatehouse/platform/http/reply';
import { ClientLogos } from '../clients/client-logos.service.js';
import type { Interaction } from '../protocol/authorization/interaction.js';
import { PasskeyCeremonies } from '../users/factors/passkey-ceremonies.service.js';
import { Factors, type FactorsOf } from '../users/factors/factors.service.js';
import { RecentSignIns } from '../users/sessions/recent-sign-ins.service.js';
import type { SessionRequestContext } from '../users/factors/second-factor.service.js';
import { TotpOffers } from '../users/factors/totp-offers.service.js';
import { TrustedBrowsers } from '../users/factors/trusted-browsers.service.js';
import { routes } from '../web/routes.js';
import { type Message, text } from '../i18n/message.js';
import type { User } from '../users/user.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { clientRequestOf, pageOptionsOf } from './sign-in-interactions.service.js';

/** The user who is asked for a second factor, and what it is for. */
export interface Asked {
  readonly context: SessionRequestContext;
  readonly user: User;
  readonly interaction: Interaction | undefined;
  readonly client: Client | undefined;
  /** Requirements of the request or the client that the session does not meet. */
  readonly unmet: readonly (readonly string[])[];
}

export interface Shown {
  readonly status?: number;
  readonly error?: Message | undefined;
  /** What is wrong with the code, shown next to its field. */
  readonly problem?: Message | undefined;
  /** Which of the page's forms was submitted. */
  readonly action?: string;
  /** The enrolment of an authenticator app to continue. */
  readonly offer?: string;
  readonly retryAfterSeconds?: number;
}

/** The page that asks for a second factor: the ones that this user can present now. */
@Injectable()
export class SecondFactorPage {
  constructor(
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(Factors) private readonly factors: Factors,
    @Inject(PasskeyCeremonies) private readonly ceremonies: PasskeyCeremonies,
    @Inject(TotpOffers) private readonly offers: TotpOffers,
    @Inject(TrustedBrowsers) private readonly trusted: TrustedBrowsers,
    @Inject(RecentSignIns) private readonly recentSignIns: RecentSignIns,
    @Inject(ClientLogos) private readonly logos: ClientLogos,
  ) {}

  /** Only after a recent sign-in: a first factor, or a passkey when only a passkey is accepted and another factor was verified. */
  async mayEnrol(asked: Asked): Promise<boolean> {
    return mustEnrol(asked, await this.factors.of(asked.user.id)) && this.isRecent(asked);
  }

  async show(asked: Asked, shown: Shown): Promise<Reply> {
    const { context, user, interaction, client, unmet } = asked;
    const own = await this.factors.of(user.id);
    const verified = context.session.amr.includes('mfa');
    const passkeyOnly = requiresPasskey(unmet);
    const clientRequiresFactor = unmet.length > 0 && interaction !== undefined && interaction.kind !== 'address';
    const mustEnrolFirst = mustEnrol(asked, own);
    const canEnrol = mustEnrolFirst && this.isRecent(asked);
    const asksCode = own.totp !== undefined && !verified;
    const passkeyOptions = mustEnrolFirst ? undefined : await this.ceremonies.factorOptions(context, user.id);
    const loginHref = `${routes.login}?${interaction ? `request=${encodeURIComponent(interaction.id)}` : 'prompt=login'}`;
    return this.contexts.page(
      context,
      'sign-in/second-factor',
      {
        heading: mustEnrolFirst ? text('factor.add') : text('factor.title'),
        username: user.username,
        clientName: client?.name,
        clientLogo: this.logos.addressOf(client),
        pending: interaction?.id,
        passkeyOnly,
        asksCode,
        isLocked: own.totp?.locked,
        asksRecovery: own.codesLeft > 0 && !verified,
        codesLeft: own.codesLeft,
        ...problemsOf(shown),
        passkeyOptions,
        // One primary button: the passkey's, if there is one.
        verifyKind: passkeyOptions === undefined ? 'primary' : undefined,
        isStale: mustEnrolFirst && !canEnrol,
        // The account has only passkeys, and the current issuer cannot use them.
        isStuck: !mustEnrolFirst && !own.totp && own.codesLeft === 0 && !this.ceremonies.possible,
        loginAgainHref: loginHref,
        offer: canEnrol && !passkeyOnly ? await this.offers.make(user, context.now, shown.offer) : undefined,
        enrollOptions: canEnrol ? await this.ceremonies.enrollOptions(context, user) : undefined,
        // Trusting the browser does not override a requirement of a role or a client, so it is not offered then.
        trustDays:
          context.session.full || context.secondFactorMissing || clientRequiresFactor
            ? undefined
            : this.trusted.days.at(-1),
        declines: clientRequiresFactor,
        // Declining already returns to the client.
        cancels: !clientRequiresFactor && clientRequestOf(asked) !== undefined,
        otherHref: loginHref,
        usesPasskeys: this.ceremonies.possible,
        error: shown.error,
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

  private isRecent({ context }: Asked): boolean {
    return this.recentSignIns.isRecent(context.session, context.now);
  }
}

/** What was wrong, next to the field that was sent; the recovery code's form is open then. */
function problemsOf({ action, problem }: Shown): object {
  const recoveryOpen = action === 'recovery';
  return {
    recoveryOpen,
    problem,
    codeProblem: recoveryOpen ? undefined : problem,
    recoveryProblem: recoveryOpen ? problem : undefined,
    firstProblem: problem && (recoveryOpen ? 'recovery' : 'otp'),
  };
}

/** True when a factor must be added before one can be presented. */
function mustEnrol({ context, unmet }: Asked, own: FactorsOf): boolean {
  if (own.totp === undefined && own.passkeys.length === 0) return true;
  return requiresPasskey(unmet) && own.passkeys.length === 0 && context.session.amr.includes('mfa');
}
