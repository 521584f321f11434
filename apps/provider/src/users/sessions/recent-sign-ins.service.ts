import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { isRecentSignIn, missingForRecentSignIn, type SignIn } from '@gatehouse/domain/oauth';
import type { Form } from '@gatehouse/platform/http/form';
import { RecentSignInNeeded } from '../../web/login-needed.js';
import { PageError } from '../../web/page-error.js';
import { routes } from '../../web/routes.js';
import { type Message, text } from '../../i18n/message.js';
import { SavedForms } from './saved-forms.service.js';
import { SecondFactorLookup } from '../second-factor-lookup.js';
import type { UserRequestContext } from './request-context.js';

/** What to say where a recent sign-in is missing, and where to go for it. */
export interface LoginAgain {
  readonly sentence: Message;
  readonly label: Message;
  readonly href: string;
}

/**
 * Whether a sign-in may change credentials, factors, roles, secrets or keys: complete, and at most ten minutes old. The one
 * mechanism of all pages and of the API.
 */
@Injectable()
export class RecentSignIns {
  constructor(
    @Inject(SavedForms) private readonly forms: SavedForms,
    @Inject(SecondFactorLookup) private readonly factors: SecondFactorLookup,
  ) {}

  isRecent(signIn: Pick<SignIn, 'authTime'>, now: EpochSeconds): boolean {
    return isRecentSignIn(signIn, now);
  }

  /** What is missing of a person's sign-in, by a session or a grant. */
  async missingOf(
    userId: string,
    signIn: SignIn,
    now: EpochSeconds,
  ): Promise<ReturnType<typeof missingForRecentSignIn>> {
    return missingForRecentSignIn(signIn, await this.factors.hasAny(userId), now);
  }

  /** @param address the page of ours to come back to */
  async missing(context: UserRequestContext, address: string): Promise<LoginAgain | undefined> {
    const next = encodeURIComponent(address);
    switch (await this.missingOf(context.user.id, context.session, context.now)) {
      case 'sign-in':
        return {
          sentence: text('factor.fresh'),
          label: text('login.again'),
          href: `${routes.login}?next=${next}&prompt=login`,
        };
      // A trusted browser skipped it: good enough to log in, not to change what the account rests on.
      case 'second-factor':
        return {
          sentence: text('factor.skipped'),
          label: text('factor.give'),
          href: `${routes.secondFactor}?next=${next}`,
        };
      case undefined:
        return undefined;
    }
  }

  /**
   * A form that was kept is used up: it had the sign-in that it needs.
   *
   * @throws PageError it was sent before
   */
  async passed({ user }: UserRequestContext, form: Form): Promise<void> {
    if (!(await this.forms.removeSent(user.id, form))) throw new PageError('link.spent');
  }

  /** Keeps the form, for after the sign-in; one with a password is not kept. */
  async neededFor(context: UserRequestContext, form: Form, page: string): Promise<RecentSignInNeeded> {
    const { user, now, request } = context;
    const id = await this.forms.keep(user.id, request.originalUrl, form, now);
    const address = id === undefined ? page : `${routes.resumeForm}/${id}`;
    // By now nothing may be missing: the sign-in page sends such a person on.
    const missing = await this.missing(context, address);
    return new RecentSignInNeeded(missing?.href ?? address);
  }
}
