import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Store, type Unit } from '@gatehouse/platform/database/store';
import { text, type Message } from '../../../i18n/message.js';
import { Mailer, type SendResult } from '../../../mail/mailer.service.js';
import type { Actor } from '../../../operations/actor.js';
import { invalidInput, OperationError, rateLimited } from '../../../operations/operation-error.js';
import type { Operation, OperationOutcome } from '../../../operations/operation.js';
import { requireAllowed } from '../../../operations/policy.js';
import { LoginThrottle } from '../../../users/throttling/login-throttle.service.js';
import { UsersService } from '../../../users/users.service.js';
import type { User } from '../../../users/user.js';
import { CurrentSettings } from '../../current-settings.js';
import { routes } from '../../../web/routes.js';
import { maySendTestMail } from '../policy.js';

export interface SendTestMailInput {
  /**
   * The administrator who gets the message, for actors without an account: the command line and service accounts. A user's
   * message goes to their own address.
   */
  readonly userId?: string | undefined;
}

export interface TestMailResult {
  readonly delivered: boolean;
  readonly recipient: string;
  /** What the mail server said, and what to change. */
  readonly message: Message;
}

interface Prepared {
  readonly userId: string;
  readonly result: TestMailResult;
}

const limit = { most: 5, seconds: 600 };

/** Sends a message to the verified address of an administrator, and reports what the mail server said. */
@Injectable()
export class SendTestMail implements Operation<SendTestMailInput, TestMailResult, Prepared> {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
    @Inject(Mailer) private readonly mailer: Mailer,
    @Inject(CurrentSettings) private readonly settings: CurrentSettings,
  ) {}

  /** @throws OperationError forbidden, invalid, conflict without a verified address, rate_limited */
  async prepare(actor: Actor, { userId }: SendTestMailInput): Promise<Prepared> {
    requireAllowed(actor, maySendTestMail(actor));
    const user = await this.recipientOf(actor, userId);
    if (user.email === undefined || !user.emailVerified)
      throw new OperationError('conflict', text('testMail.noAddress', { username: user.username }));
    const isWithinLimit = await this.store.run((unit) =>
      this.throttle.countOne(unit, `tm:${user.id}`, limit, actor.now),
    );
    if (!isWithinLimit) throw rateLimited(text('testMail.throttled'));
    const sent = await this.send(user, user.email, actor.now);
    const message = resultMessage(sent, user.email);
    return { userId: user.id, result: { delivered: sent.outcome === 'sent', recipient: user.email, message } };
  }

  perform(_unit: Unit, actor: Actor, { userId, result }: Prepared): Promise<OperationOutcome<TestMailResult>> {
    requireAllowed(actor, maySendTestMail(actor));
    const details = { delivered: result.delivered };
    return Promise.resolve({ result, changes: [{ type: 'mail.tested', subjectId: userId, details }] });
  }

  private async recipientOf(actor: Actor, userId: string | undefined): Promise<User> {
    if (actor.kind === 'person') {
      const own = await this.users.find(actor.userId);
      if (own) return own;
    }
    const named = userId === undefined || actor.kind === 'person' ? undefined : await this.users.find(userId);
    if (!named?.roles.includes('admin'))
      throw invalidInput([{ field: 'userId', message: text('testMail.administrator') }]);
    return named;
  }

  private send(user: User, to: string, now: EpochSeconds): Promise<SendResult> {
    const { issuer } = this.settings.environment;
    return this.mailer.sendNow(
      {
        to,
        text: 'test-message',
        values: { username: user.username, issuer, link: `${issuer}${routes.messages}` },
        language: user.profile.locale,
      },
      now,
    );
  }
}

/** What happened, and what to change. Text of the mail server is left out: it may repeat the mail. */
function resultMessage(sent: SendResult, recipient: string): Message {
  if (sent.outcome === 'sent') return text('testMail.sent', { recipient });
  if (sent.outcome === 'written') return text('testMail.folder');
  const { code, responseCode } = sent;
  if (code === 'EAUTH') return text('testMail.credentials', { errorCode: responseCode ?? code });
  if (responseCode !== undefined) return text('testMail.rejected', { errorCode: responseCode });
  switch (code) {
    case 'EDNS':
    case 'ENOTFOUND':
      return text('testMail.host', { errorCode: code });
    case 'ETLS':
      return text('testMail.tls', { errorCode: code });
    case 'ETIMEDOUT':
      return text('testMail.timeout', { errorCode: code });
    default:
      return text('testMail.connection', { errorCode: code });
  }
}
