import { Inject, Injectable } from '@nestjs/common';
import { TrustedBrowsers } from '../users/factors/trusted-browsers.service.js';
import { GrantsService } from '../grants/grants.service.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';

/** What remains when other sessions end, unless the user ends it, too. */
export interface RemainingAccess {
  readonly hasOffline: boolean;
  readonly hasTrusted: boolean;
}

/** What a user has besides the session of this browser. */
@Injectable()
export class OtherSessions {
  constructor(
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(TrustedBrowsers) private readonly trusted: TrustedBrowsers,
  ) {}

  async remaining(context: UserRequestContext): Promise<RemainingAccess> {
    return {
      hasOffline: await this.grants.hasOffline(context.user.id, context.now),
      hasTrusted: (await this.trusted.listOf(context, context.user.id)).length > 0,
    };
  }
}
