import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { OneTimeLinks, type UsableLink } from './one-time-links.service.js';
import { NewPasswords } from './new-passwords.service.js';
import type { User } from '../user.js';
import { UsersService } from '../users.service.js';

/** A link that can still be used, and whose password it sets. */
export interface PasswordLink {
  readonly link: UsableLink;
  readonly user: User;
}

/** Finds the one-time links that set a password. */
@Injectable()
export class PasswordLinks {
  constructor(
    @Inject(OneTimeLinks) private readonly links: OneTimeLinks,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(NewPasswords) private readonly passwords: NewPasswords,
  ) {}

  /** Undefined for a link that was used, has expired, was never made, or is for a disabled account. */
  async find(token: string | undefined, now: EpochSeconds): Promise<PasswordLink | undefined> {
    const link = await this.links.find(token, 'set-password', now);
    const user = link && (await this.users.find(link.userId));
    return link && user && user.disabledAt === undefined ? { link, user } : undefined;
  }

  /** Characters that the new password must have. */
  minimum({ id }: User): Promise<number> {
    return this.passwords.minimum(id);
  }
}
