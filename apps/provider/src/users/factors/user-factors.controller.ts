import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { problemModel } from '../../web/form-errors.js';
import { PageError } from '../../web/page-error.js';
import { routes } from '../../web/routes.js';
import { text, type Message } from '../../i18n/message.js';
import { PageOperations } from '../page-operations.service.js';
import { hubModel } from '../user-hub.js';
import type { User } from '../user.js';
import { UsersService } from '../users.service.js';
import type { UserRequestContext } from '../sessions/request-context.js';
import { RequestContexts } from '../sessions/request-contexts.service.js';
import { Factors } from './factors.service.js';
import { ResetSecondFactors } from './operations/reset-second-factors.js';

/** For administrators: shows a user's second factors, and removes all of them if the user lost them. */
@Controller(routes.userFactors)
export class UserFactorsController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(Factors) private readonly factors: Factors,
  ) {}

  @Get(':id')
  async form(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireAdmin(request);
    return this.show(context, await this.getUser(request), '', {});
  }

  @Post(':id')
  async reset(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdmin(request);
    const person = await this.getUser(request);
    const typed = form.text('username').trim();
    if (refusal) return this.show(context, person, typed, { status: 403, error: text(refusal.id) });
    if (typed !== person.username)
      return this.show(context, person, typed, { status: 422, problem: text('users.delete.wrong') });
    const outcome = await this.operations.execute(ResetSecondFactors, { userId: person.id }, { context, form });
    if ('refusal' in outcome) return this.show(context, person, typed, outcome.refusal);
    return Reply.redirect(`${routes.users}/update/${person.id}?done=factors`, { cookies: context.cookies });
  }

  private async show(
    context: UserRequestContext,
    person: User,
    typed: string,
    shown: { readonly status?: number; readonly error?: Message; readonly problem?: Message },
  ): Promise<Reply> {
    const own = await this.factors.of(person.id);
    return this.contexts.page(
      context,
      'users/factors',
      {
        ...hubModel(person, 'methods'),
        person: {
          id: person.id,
          username: person.username,
          hasPassword: person.hasPassword,
          disabledAt: person.disabledAt,
        },
        totp: own.totp,
        passkeys: own.passkeys.map(({ name, createdAt, lastUsedAt }) => ({ name, createdAt, lastUsedAt })),
        codesLeft: own.codesLeft,
        hasAny: own.totp !== undefined || own.passkeys.length > 0,
        typed,
        ...problemModel(shown.problem ? [{ field: 'username', message: shown.problem }] : []),
        error: shown.error,
      },
      { status: shown.status ?? 200 },
    );
  }

  private async requireAdmin(request: WebRequest): Promise<UserRequestContext> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin');
    return context;
  }

  private async getUser(request: WebRequest): Promise<User> {
    const user = await this.users.find(request.params['id'] ?? '');
    if (!user) throw new PageError('record.not_found');
    return user;
  }
}
