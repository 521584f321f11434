import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { Store } from '@gatehouse/server/database/store';
import type { Form } from '@gatehouse/server/web/form';
import { PageForms } from '@gatehouse/server/web/page-forms';
import { Reply } from '@gatehouse/server/web/reply';
import { query, type WebRequest } from '@gatehouse/server/web/request';
import { AuditService } from '../audit/audit.service.js';
import { PageError } from '../http/page-error.js';
import { routes } from '../http/routes.js';
import { type Sentence, text } from '../texts/text.js';
import { actorOf } from '../users/actor.js';
import type { UserVisit } from '../users/visit.js';
import { Visits } from '../users/visits.service.js';
import { Ceremonies } from './ceremonies.service.js';
import { Enrolment } from './enrolment.service.js';
import { Factors } from './factors.service.js';
import { RecentSignIns } from '../users/recent-sign-ins.service.js';
import { mostNameCharacters, mostPasskeys, Passkeys } from './passkeys.service.js';

const notices: Readonly<Record<string, Sentence>> = {
  added: text('passkeys.added'),
  renamed: text('passkeys.renamed'),
};

interface Shown {
  readonly status?: number;
  readonly error?: Sentence;
}

/** A person's passkeys: add, rename; removal is the factors' page. */
@Controller(routes.passkeys)
export class PasskeysController {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(Factors) private readonly factors: Factors,
    @Inject(Passkeys) private readonly passkeys: Passkeys,
    @Inject(Ceremonies) private readonly ceremonies: Ceremonies,
    @Inject(Enrolment) private readonly enrolment: Enrolment,
    @Inject(RecentSignIns) private readonly fresh: RecentSignIns,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  @Get()
  async list(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.visits.requireUser(request), {});
  }

  @Post()
  async act(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request, { limitBytes: 32 * 1024 });
    const visit = await this.visits.requireUser(request);
    if (refusal) return this.show(visit, { status: 403, error: text(refusal.id) });
    switch (form.get('action')) {
      case 'add-passkey':
        return this.add(visit, form);
      case 'rename':
        return this.rename(visit, form);
      default:
        throw new PageError('form.invalid');
    }
  }

  private async add(visit: UserVisit, form: Form): Promise<Reply> {
    await this.visits.requireRecentSignIn(visit, form);
    const outcome = await this.enrolment.addPasskey(visit, visit.user, {
      attestation: form.text('attestation'),
      name: form.text('passkeyName'),
    });
    switch (outcome.kind) {
      case 'refused':
        return this.show(visit, { status: 422, error: text('passkeys.refused') });
      case 'taken':
        return this.show(visit, {
          status: 422,
          error: text('passkeys.taken', { most: mostPasskeys }),
        });
      case 'ended':
        return Reply.redirect(routes.passkeys, { cookies: visit.cookies });
      case 'added':
        if (outcome.codes)
          return this.visits.page(
            visit,
            'factors/recovery-codes',
            { codes: outcome.codes, continueHref: `${routes.passkeys}?done=added` },
            { cookies: outcome.cookies },
          );
        return Reply.redirect(`${routes.passkeys}?done=added`, { cookies: [...visit.cookies, ...outcome.cookies] });
    }
  }

  private async rename(visit: UserVisit, form: Form): Promise<Reply> {
    const name = form.text('name').trim();
    if (name === '' || name.length > mostNameCharacters)
      return this.show(visit, { status: 422, error: text('passkeys.badName', { most: mostNameCharacters }) });
    const id = form.text('passkey');
    await this.store.run(async (unit) => {
      if (!(await this.passkeys.rename(unit, visit.user.id, id, name))) return;
      await this.audit.record(unit, {
        type: 'factor.renamed',
        ...actorOf(visit),
        subjectId: visit.user.id,
        details: { factor: id },
      });
    });
    return Reply.redirect(`${routes.passkeys}?done=renamed`, { cookies: visit.cookies });
  }

  private async show(visit: UserVisit, shown: Shown): Promise<Reply> {
    const { passkeys: own, totp } = await this.factors.of(visit.user.id);
    const missing = await this.fresh.missing(visit, routes.passkeys);
    return this.visits.page(
      visit,
      'factors/passkeys',
      {
        missing: this.ceremonies.possible ? missing : undefined,
        isPossible: this.ceremonies.possible,
        usesPasskeys: this.ceremonies.possible,
        passkeys: own.map(({ id, name, synced, createdAt, lastUsedAt }) => ({
          id,
          name,
          synced,
          createdAt,
          lastUsedAt,
        })),
        isFirstFactor: own.length === 0 && !totp,
        enrollOptions: missing ? undefined : await this.ceremonies.enrollOptions(visit, visit.user),
        error: shown.error,
        notice: shown.status === undefined ? notices[query(visit.request).text('done')] : undefined,
      },
      { status: shown.status ?? 200 },
    );
  }
}
