import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Session } from '../sessions/session.js';
import { routes } from '../http/routes.js';
import { type Sentence, text } from '../texts/text.js';
import type { UserVisit } from '../users/visit.js';
import { Factors } from './factors.service.js';

/** A change of what proves who one is asks for a login that is not older. */
const freshSeconds = 600;

/** Undefined where the login is full and fresh; else what to say and where to go for it. */
export interface LoginAgain {
  readonly sentence: Sentence;
  readonly label: Sentence;
  readonly href: string;
}

/** Whether a login may change the password, the e-mail address or a factor: full, and at most ten minutes old. */
@Injectable()
export class FreshLogins {
  constructor(@Inject(Factors) private readonly factors: Factors) {}

  isFresh(session: Session, now: EpochSeconds): boolean {
    return session.authTime > now - freshSeconds;
  }

  /** @param address the page of ours to come back to */
  async missing(visit: UserVisit, address: string): Promise<LoginAgain | undefined> {
    const next = encodeURIComponent(address);
    if (!this.isFresh(visit.session, visit.now))
      return {
        sentence: text('factor.fresh'),
        label: text('login.again'),
        href: `${routes.login}?next=${next}&prompt=login`,
      };
    // A trusted browser skipped it: good enough to log in, not to change what the account rests on.
    if (!visit.session.amr.includes('mfa') && (await this.factors.hasAny(visit.user.id)))
      return {
        sentence: text('factor.skipped'),
        label: text('factor.give'),
        href: `${routes.secondFactor}?next=${next}`,
      };
    return undefined;
  }
}
