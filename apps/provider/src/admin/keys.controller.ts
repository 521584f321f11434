import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { currentKey, isRetired } from '@gatehouse/domain/jose';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { text, type Message, type Text } from '../i18n/message.js';
import { PageError } from '../web/page-error.js';
import { routes } from '../web/routes.js';
import { keyKindNames, keyKinds } from '../keys/key-kinds.js';
import { KeysService, type ServerKey } from '../keys/keys.service.js';
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
    if (refusal) return this.show(context, { status: 403, error: text(refusal.id) });
    const atOnce = form.get('action') === 'rotate-now';
    if (!atOnce && form.get('action') !== 'rotate') throw new PageError('form.invalid');
    // An irreversible action requires a typed confirmation.
    if (atOnce && form.text('confirm').trim().toLowerCase() !== 'now')
      return this.show(context, { status: 422, problem: text('keys.confirmProblem') });
    await this.operations.execute(RotateKeys, { atOnce }, { context, form });
    return Reply.redirect(`${routes.keys}?done=rotated`, { cookies: context.cookies });
  }

  private async show(
    context: UserRequestContext,
    shown: { readonly status?: number; readonly error?: Message; readonly problem?: Message },
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
          use: text(keyKinds[key.kind].use === 'sig' ? 'keys.signing' : 'keys.encryption'),
          ...stateOf(key, { now, isCurrent: current.has(key.kid) }),
          signsFrom: key.signsFrom,
          retiredAt: key.retiredAt,
        })),
        prepublish: durationText(this.settings.keyPrepublishSeconds),
        sign: durationText(this.settings.keySignSeconds),
        count: text('keys.count', { count: keys.length }),
        problem: shown.problem,
        firstProblem: shown.problem && 'confirm',
        problemList: shown.problem && [{ id: 'f-confirm', message: shown.problem }],
        error: shown.error,
        notice:
          query(context.request).text('done') === 'rotated' && shown.status === undefined
            ? text('keys.rotated')
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

/** The words and the color of a key's state. */
function stateOf(
  key: ServerKey,
  { now, isCurrent }: { readonly now: EpochSeconds; readonly isCurrent: boolean },
): { readonly state: Text; readonly stateKind: string } {
  if (isCurrent) return { state: text('keys.current'), stateKind: 'good' };
  if (key.signsFrom > now) return { state: text('keys.next'), stateKind: 'info' };
  return { state: text(isRetired(key, now) ? 'keys.retired' : 'keys.previous'), stateKind: '' };
}
