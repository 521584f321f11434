import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { Store } from '@gatehouse/server/database/store';
import type { Form } from '@gatehouse/server/web/form';
import { PageForms } from '@gatehouse/server/web/page-forms';
import { Reply } from '@gatehouse/server/web/reply';
import { query, type WebRequest } from '@gatehouse/server/web/request';
import { AuditService } from '../audit/audit.service.js';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { PageError } from '../http/page-error.js';
import { routes } from '../http/routes.js';
import { text, type Sentence } from '../texts/text.js';
import { uncountIfBusy } from '../users/busy.js';
import { PasswordHasher } from '../users/password-hasher.js';
import { PasswordRules } from '../users/password-rules.js';
import type { QueueSource } from '../users/fair-queue.js';
import { anonymousSource, invitationSource } from '../users/password-source.js';
import { EmailChanges } from '../users/email-changes.service.js';
import { Invitations, type Invitation } from '../users/invitations.service.js';
import { SignUpRate } from '../users/sign-up-rate.service.js';
import { checkChosenUsername, checkUserDraft, type Problem, type UserDraft } from '../users/user.js';
import { UsersService } from '../users/users.service.js';
import type { Visit } from '../users/visit.js';
import { Visits } from '../users/visits.service.js';
import { LinkTokens } from './link-tokens.js';
import { LoginSessions } from './login-sessions.service.js';
import { clientRequestOf, pageOptionsOf, PendingLogins, resumeAddress } from './pending.service.js';

/** A stranger makes an account and goes on, logged in. */
@Controller(routes.signUp)
export class SignUpController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Store) private readonly store: Store,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(PendingLogins) private readonly pending: PendingLogins,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(PasswordHasher) private readonly hasher: PasswordHasher,
    @Inject(PasswordRules) private readonly rules: PasswordRules,
    @Inject(SignUpRate) private readonly rate: SignUpRate,
    @Inject(LoginSessions) private readonly logins: LoginSessions,
    @Inject(Invitations) private readonly invitations: Invitations,
    @Inject(LinkTokens) private readonly tokens: LinkTokens,
    @Inject(AuditService) private readonly audit: AuditService,
    @Inject(EmailChanges) private readonly emails: EmailChanges,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.open(request);
    const parameters = query(request);
    const presented = parameters.get('invitation');
    // The mark tells the page of an invitation from that of the next person who signs up in this browser.
    const isInvited = parameters.get('invited') !== undefined;
    const invited = await this.admit(
      visit,
      presented ?? (isInvited ? this.tokens.get(visit, 'invitation') : undefined),
    );
    if (presented !== undefined && invited)
      return this.tokens.keep(visit, 'invitation', presented, `${routes.signUp}?invited=yes`);
    return this.show(visit, { id: parameters.get('request'), invited }, draftOf(undefined, invited), []);
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.visits.open(request);
    const invited = await this.admit(visit, form.get('invitation'));
    const id = form.get('request') || query(request).get('request');
    const from = { id, invited };
    const draft = draftOf(form, invited);
    if (refusal) return this.show(visit, from, draft, [], { status: 403, error: text(refusal.id) });
    const password = form.text('password');
    const source = invited ? invitationSource(visit, invited.selector) : anonymousSource(visit);
    if (!(await this.store.run((unit) => this.rate.countPassword(unit, source.key, visit.now))))
      return this.show(visit, from, draft, [], { status: 429, error: text('signUp.throttled') });
    const problems = await uncountIfBusy(
      () => this.problems(draft, password, source),
      () => this.store.run((unit) => this.rate.giveBackPassword(unit, source.key)),
    );
    if (problems.length > 0) return this.show(visit, from, draft, problems);
    const admitted = await this.store.run((unit) => this.rate.count(unit, source.key, visit.now));
    if (!admitted)
      return this.show(visit, from, draft, [], {
        status: 429,
        error: text('signUp.throttled'),
      });

    const passwordHash = await uncountIfBusy(
      () => this.hasher.hash(password, source),
      () =>
        this.store.run(async (unit) => {
          await this.rate.giveBack(unit, source.key);
          await this.rate.giveBackPassword(unit, source.key);
        }),
    );
    const made = await this.make(visit, { ...draft, passwordHash }, invited);
    if ('problems' in made) return this.show(visit, from, draft, made.problems);
    const { kept } = await this.pending.find(visit, id);
    const loggedIn = await this.logins.start(visit, {
      user: made.user,
      verifiedHash: passwordHash,
      amr: ['pwd'],
      kept,
      counted: [],
    });
    if (!loggedIn) return Reply.redirect(routes.login, { cookies: visit.cookies });
    return Reply.redirect(loggedIn.keptId === undefined ? routes.home : resumeAddress(loggedIn.keptId), {
      cookies: [...loggedIn.cookies, ...(invited ? [this.tokens.removed('invitation')] : [])],
    });
  }

  /**
   * The invitation that somebody came with; none where everybody may come.
   * @throws PageError link.spent, sign_up.off
   */
  private async admit(visit: Visit, text: string | undefined): Promise<Invited | undefined> {
    const { signUp } = this.settings;
    if (text !== undefined && text !== '' && signUp !== 'off') {
      const invitation = await this.invitations.find(text, visit.now);
      if (!invitation) throw new PageError('link.spent');
      return { ...invitation, text };
    }
    if (signUp === 'invitation') throw new PageError('sign_up.invitation');
    if (signUp !== 'open') throw new PageError('sign_up.off');
    return undefined;
  }

  /** The estimate takes time: a draft that is refused in any case does not get one. */
  private async problems(draft: UserDraft, password: string, source: QueueSource): Promise<readonly Problem[]> {
    const purpose = { use: 'only factor', owner: draft, source } as const;
    const ofDraft = [...checkUserDraft(draft), ...checkChosenUsername(draft)];
    const weakness =
      ofDraft.length > 0 ? this.rules.simpleProblem(password, purpose) : await this.rules.problem(password, purpose);
    return weakness === undefined ? ofDraft : [...ofDraft, { field: 'password', message: weakness }];
  }

  /** The account, and the end of the invitation that it was made by. */
  private make(
    visit: Visit,
    draft: UserDraft & { readonly passwordHash: string },
    invited: Invited | undefined,
  ): ReturnType<UsersService['create']> {
    const actor = { address: visit.address, requestId: visit.requestId };
    return this.store.run(async (unit) => {
      const made = await this.users.create(unit, draft, visit.now);
      if ('user' in made)
        await this.audit.record(unit, {
          type: 'user.created',
          ...actor,
          subjectId: made.user.id,
          details: { username: made.user.username },
        });
      if (!('problems' in made) && invited && !(await this.invitations.consume(unit, invited.selector, visit.now)))
        throw new PageError('link.spent');
      // The address counts when its mail was opened; nothing waits for that.
      if (!('problems' in made) && made.user.email !== undefined && !made.user.emailVerified)
        await this.emails.ask(unit, made.user.id, made.user.email, visit.now);
      return made;
    });
  }

  private async show(
    visit: Visit,
    { id, invited }: { readonly id: string | undefined; readonly invited: Invited | undefined },
    draft: UserDraft,
    problems: readonly Problem[],
    shown: { readonly status?: number; readonly error?: Sentence } = {},
  ): Promise<Reply> {
    const { kept, client } = await this.pending.find(visit, id);
    return this.visits.page(
      visit,
      'interaction/sign-up',
      {
        clientName: client?.name,
        pending: kept?.id,
        cancels: clientRequestOf({ kept, client }) !== undefined,
        username: draft.username,
        name: draft.name ?? '',
        email: draft.email ?? '',
        invitation: invited?.text,
        minimum: this.rules.minimum('only factor'),
        error: shown.error,
        problems: Object.fromEntries(problems.map(({ field, message }) => [field, message])),
        firstProblem: problems[0]?.field,
        loginHref: routes.login + (kept ? `?request=${encodeURIComponent(kept.id)}` : ''),
      },
      { status: shown.status ?? (problems.length > 0 ? 422 : 200), ...pageOptionsOf(kept) },
    );
  }
}

/** An invitation, and the link's token as it came. */
interface Invited extends Invitation {
  readonly text: string;
}

/** Whoever was invited has shown by the link that the mailbox is theirs. */
function draftOf(form: Form | undefined, invited: Invited | undefined): UserDraft {
  return {
    username: form?.text('username').trim() ?? '',
    name: form?.text('name').trim() || undefined,
    email: invited?.email ?? (form?.text('email').trim() || undefined),
    emailVerified: invited !== undefined,
    roles: invited?.roles ?? ['user'],
  };
}
