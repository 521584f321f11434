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

/** The message and the link to show when a recent sign-in is required. */
export interface SignInPrompt {
  readonly sentence: Message;
  readonly label: Message;
  readonly href: string;
}

/**
 * Decides whether a sign-in may change credentials, factors, roles, secrets or keys: complete, and at most ten minutes old.
 * All pages and the API use it.
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

  /** What the sign-in of a session or a grant lacks. */
  async missingOf(
    userId: string,
    signIn: SignIn,
    now: EpochSeconds,
  ): Promise<ReturnType<typeof missingForRecentSignIn>> {
    return missingForRecentSignIn(signIn, await this.factors.hasAny(userId), now);
  }

  /** @param address the page to return to */
  async missing(context: UserRequestContext, address: string): Promise<SignInPrompt | undefined> {
    const next = encodeURIComponent(address);
    switch (await this.missingOf(context.user.id, context.session, context.now)) {
      case 'sign-in':
        return {
          sentence: text('factor.fresh'),
          label: text('login.again'),
          href: `${routes.login}?next=${next}&prompt=login`,
        };
      // Skipped in a trusted browser: sufficient to sign in, but not to change credentials.
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
   * Consumes a saved form, whose recent sign-in is present now.
   *
   * @throws PageError if the form was sent before
   */
  async consumeSavedForm({ user }: UserRequestContext, form: Form): Promise<void> {
    if (!(await this.forms.removeSent(user.id, form))) throw new PageError('link.spent');
  }

  /** Saves the form until after the sign-in; a form with a password is not saved. */
  async saveAndRequireSignIn(context: UserRequestContext, form: Form, page: string): Promise<RecentSignInNeeded> {
    const { user, now, request } = context;
    const id = await this.forms.save(user.id, request.originalUrl, form, now);
    const address = id === undefined ? page : `${routes.resumeForm}/${id}`;
    // Nothing may be missing any more: then the sign-in page redirects immediately.
    const missing = await this.missing(context, address);
    return new RecentSignInNeeded(missing?.href ?? address);
  }
}
