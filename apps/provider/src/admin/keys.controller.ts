import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { currentKey, isRetired } from '@gatehouse/domain/jose';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { PageError } from '../web/page-error.js';
import { routes } from '../web/routes.js';
import { keyKindNames, keyKinds } from '../keys/key-kinds.js';
import { KeysService } from '../keys/keys.service.js';
import { RotateKeys } from '../keys/operations/rotate-keys.js';
import { durationText } from '../users/duration-text.js';
import { PageOperations } from '../users/page-operations.service.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';

/** The page of the server's keys: current, upcoming and still published ones; and key rotation. */
@Controller(routes.keys)
export class KeysController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(KeysService) private readonly keys: KeysService,
  ) {}

  @Get()
  async list(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.requireAdmin(request), {});
  }

  @Post()
  async rotate(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdmin(request);
    if (refusal) return this.show(context, { status: 403, error: refusal.sentence });
    const atOnce = form.get('action') === 'rotate-now';
    if (!atOnce && form.get('action') !== 'rotate') throw new PageError('form.invalid');
    // An irreversible action requires a typed confirmation.
    if (atOnce && form.text('confirm').trim().toLowerCase() !== 'now')
      return this.show(context, { status: 422, problem: 'Type the word “now”.' });
    await this.operations.execute(RotateKeys, { atOnce }, { context, form });
    return Reply.redirect(`${routes.keys}?done=rotated`, { cookies: context.cookies });
  }

  private async show(
    context: UserRequestContext,
    shown: { readonly status?: number; readonly error?: string; readonly problem?: string },
  ): Promise<Reply> {
    const { now } = context;
    const keys = await this.keys.list();
    const current = new Set<string>();
    for (const kind of keyKindNames) {
      const signing = currentKey(
        keys.filter((key) => key.kind === kind),
        now,
      );
      if (signing) current.add(signing.kid);
    }
    return this.contexts.page(
      context,
      'admin/keys',
      {
        keys: [...keys].reverse().map((key) => ({
          kid: key.kid,
          kind: key.kind,
          use: keyKinds[key.kind].use === 'sig' ? 'signs' : 'is encrypted to',
          state: current.has(key.kid)
            ? 'in use'
            : key.signsFrom > now
              ? 'published, in use later'
              : isRetired(key, now)
                ? 'retired'
                : 'published, no longer used',
          isCurrent: current.has(key.kid),
          createdAt: key.createdAt,
          signsFrom: key.signsFrom,
          retiredAt: key.retiredAt,
        })),
        prepublish: durationText(this.settings.keyPrepublishSeconds),
        sign: durationText(this.settings.keySignSeconds),
        problem: shown.problem,
        firstProblem: shown.problem && 'confirm',
        error: shown.error,
        notice:
          query(context.request).text('done') === 'rotated' && shown.status === undefined
            ? 'There is a new key of each kind.'
            : undefined,
      },
      { status: shown.status ?? 200 },
    );
  }

  private async requireAdmin(request: WebRequest): Promise<UserRequestContext> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin');
    return context;
  }
}
