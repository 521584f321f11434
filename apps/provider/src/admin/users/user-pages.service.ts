import { Inject, Injectable } from '@nestjs/common';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import type { UserRequestContext } from '../../users/sessions/request-context.js';
import type { User } from '../../users/user.js';
import { UsersService } from '../../users/users.service.js';
import { PageError } from '../../web/page-error.js';

/** What the pages about one user have in common. */
@Injectable()
export class UserPages {
  constructor(
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(UsersService) private readonly users: UsersService,
  ) {}

  /**
   * Who asks, and the user of the address (`:id`).
   * @throws PageError page.forbidden, page.auditor, record.not_found
   */
  async open(request: WebRequest): Promise<{ readonly context: UserRequestContext; readonly user: User }> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin');
    const id = request.params['id'] ?? '';
    const user = id.length <= 200 ? await this.users.find(id) : undefined;
    if (!user) throw new PageError('record.not_found');
    return { context, user };
  }
}
