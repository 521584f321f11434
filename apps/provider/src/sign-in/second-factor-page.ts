import { Inject, Injectable } from '@nestjs/common';
import { demandsPasskey, type Client } from '@gatehouse/domain/oauth';
import type { Reply } from '@gatehouse/platform/http/reply';
import type { Interaction } from '../protocol/authorization/interaction.js';
import { Ceremonies } from '../users/factors/ceremonies.service.js';
import { Factors, type FactorsOf } from '../users/factors/factors.service.js';
import { RecentSignIns } from '../users/sessions/recent-sign-ins.service.js';
import type { SessionVisit } from '../users/factors/second-factor.service.js';
import { TotpOffers } from '../users/factors/totp-offers.service.js';
import { TrustedBrowsers } from '../users/factors/trusted-browsers.service.js';
import { routes } from '../web/routes.js';
import { type Message, text } from '../i18n/message.js';
import type { User } from '../users/user.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { clientRequestOf, pageOptionsOf } from './sign-in-interactions.service.js';

/** Who is asked, for what. */
export interface Asked {
  readonly context: SessionVisit;
  readonly user: User;
  readonly kept: Interaction | undefined;
  readonly client: Client | undefined;
  /** Demands of the request or the client that the session does not meet. */
  readonly unmet: readonly (readonly string[])[];
}

export interface Shown {
  readonly status?: number;
  readonly error?: Message | undefined;
  /** What is wrong with the code that was typed: said beside its field. */
  readonly problem?: Message | undefined;
  /** Which of the page's forms it was. */
  readonly action?: string;
  /** The offer of an authenticator app that goes on. */
  readonly offer?: string;
  readonly retryAfterSeconds?: number;
}

/** The page that asks for a second factor: what this person can give now. */
@Injectable()
export class SecondFactorPage {
  constructor(
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(Factors) private readonly factors: Factors,
    @Inject(Ceremonies) private readonly ceremonies: Ceremonies,
    @Inject(TotpOffers) private readonly offers: TotpOffers,
    @Inject(TrustedBrowsers) private readonly trusted: TrustedBrowsers,
    @Inject(RecentSignIns) private readonly fresh: RecentSignIns,
  ) {}

  /** A first factor, or a passkey where nothing else is taken and another factor was given; by a fresh login alone. */
  async mayEnrol(asked: Asked): Promise<boolean> {
    return lacks(asked, await this.factors.of(asked.user.id)) && this.isFresh(asked);
  }

  async show(asked: Asked, shown: Shown): Promise<Reply> {
    const { context, user, kept, client, unmet } = asked;
    const own = await this.factors.of(user.id);
    const proved = context.session.amr.includes('mfa');
    const passkeyOnly = demandsPasskey(unmet);
    const clientDemands = unmet.length > 0 && kept !== undefined && kept.kind !== 'address';
    const lacking = lacks(asked, own);
    const enrols = lacking && this.isFresh(asked);
    const request = kept ? `?request=${encodeURIComponent(kept.id)}` : '';
    return this.contexts.page(
      context,
      'sign-in/second-factor',
      {
        heading: lacking ? text('factor.add') : text('factor.title'),
        username: user.username,
        clientName: client?.name,
        pending: kept?.id,
        passkeyOnly,
        asksCode: own.totp !== undefined && !proved,
        isLocked: own.totp?.locked,
        asksRecovery: own.codesLeft > 0 && !proved,
        recoveryOpen: shown.action === 'recovery',
        problem: shown.problem,
        firstProblem: shown.problem && 'otp',
        passkeyOptions: lacking ? undefined : await this.ceremonies.factorOptions(context, user.id),
        isStale: lacking && !enrols,
        // Passkeys alone, on an issuer that has lost its name.
        isStuck: !lacking && !own.totp && own.codesLeft === 0 && !this.ceremonies.possible,
        loginAgainHref: `${routes.login}${request === '' ? '?prompt=login' : request}`,
        offer: enrols && !passkeyOnly ? await this.offers.make(user, context.now, shown.offer) : undefined,
        enrollOptions: enrols ? await this.ceremonies.enrollOptions(context, user) : undefined,
        // A demand of a role or a client is not skipped: trusting would promise what is not kept.
        trustDays: context.session.full || context.secondFactorOwed || clientDemands ? [] : this.trusted.days,
        declines: clientDemands,
        // Declining what the client demands is the way back to it already.
        cancels: !clientDemands && clientRequestOf(asked) !== undefined,
        otherHref: `${routes.login}${request === '' ? '?prompt=login' : request}`,
        usesPasskeys: this.ceremonies.possible,
        error: shown.error,
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

  private isFresh({ context }: Asked): boolean {
    return this.fresh.isRecent(context.session, context.now);
  }
}

/** True where a factor must be added before one can be given. */
function lacks({ context, unmet }: Asked, own: FactorsOf): boolean {
  if (own.totp === undefined && own.passkeys.length === 0) return true;
  return demandsPasskey(unmet) && own.passkeys.length === 0 && context.session.amr.includes('mfa');
}
