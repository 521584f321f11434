import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { OneTimeLinks, type UsableLink } from './one-time-links.service.js';
import { NewPasswords } from './new-passwords.service.js';
import type { User } from '../user.js';
import { UsersService } from '../users.service.js';

/** A usable link, and the user whose password it sets. */
export interface PasswordLink {
  readonly link: UsableLink;
  readonly user: User;
}

/** Finds one-time links that set a password. */
@Injectable()
export class PasswordLinks {
  constructor(
    @Inject(OneTimeLinks) private readonly links: OneTimeLinks,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(NewPasswords) private readonly passwords: NewPasswords,
  ) {}

  /** Undefined if the link was used, has expired or does not exist, or if the account is disabled. */
  async find(token: string | undefined, now: EpochSeconds): Promise<PasswordLink | undefined> {
    const link = await this.links.find(token, 'set-password', now);
    const user = link && (await this.users.find(link.userId));
    return link && user && user.disabledAt === undefined ? { link, user } : undefined;
  }

  /** The minimum number of characters of the new password. */
  minimum({ id }: User): Promise<number> {
    return this.passwords.minimum(id);
  }
}
