import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import { ServerBusy } from '@gatehouse/platform/http/failure';
import { hash, verify, type Options } from '@node-rs/argon2';
import { PageError } from '../../web/page-error.js';
import { FairQueue, QueueFull, type QueueSource } from '../throttling/fair-queue.js';
import { maxPasswordUnits } from '../user.js';

// Argon2id with the second recommended parameter set of the OWASP cheat sheet. Changing it rehashes at the next login.
const parameters: Options = { memoryCost: 19456, timeCost: 2, parallelism: 1 };

const retryAfterSeconds = 2;

/**
 * Hashes passwords with Argon2id off the event loop, at most one per core at a time, behind a bounded queue that serves
 * networks and addresses in turn and reserves places for identified sources. Passwords are compared in Unicode NFC
 * (NIST SP 800-63B 3.1.1.2). Input longer than any valid password is truncated before it is normalized: it matches no
 * hash, and takes as long as any other wrong password.
 */
@Injectable()
export class PasswordHasher {
  private readonly slots = Math.max(1, availableParallelism());
  private readonly queue = new FairQueue({
    slots: this.slots,
    anonymous: { maxWaiting: 64 * this.slots, maxOfSource: 16 * this.slots },
    identified: { maxWaiting: 64 * this.slots, maxOfSource: 16 * this.slots },
  });
  private dummy: Promise<string> | undefined;

  /**
   * @param password one that `checkPassword` accepted
   * @param source the requester (`password-source.ts`); omitted for an operator
   * @throws ServerBusy if the queue is full: 503 with Retry-After
   * @throws PageError passwords.too_many if too many of this source are waiting: 429 with Retry-After
   */
  async hash(password: string, source?: QueueSource): Promise<string> {
    if (password.length > maxPasswordUnits) throw new RangeError('the password is too long');
    return this.inTurn(source, () => hash(password.normalize('NFC'), parameters));
  }

  /**
   * True if the password matches. For an unknown user (undefined hash) a dummy hash is verified, so that the time does
   * not reveal it.
   * @param source as for {@link hash}
   * @throws ServerBusy, PageError as {@link hash} does
   */
  async verify(passwordHash: string | undefined, password: string, source?: QueueSource): Promise<boolean> {
    const expectedHash = passwordHash ?? (await (this.dummy ??= hash('no one has this password', parameters)));
    const typed = password.slice(0, maxPasswordUnits).normalize('NFC');
    const matches = await this.inTurn(source, () => verify(expectedHash, typed).catch(() => false));
    return matches && passwordHash !== undefined && password.length <= maxPasswordUnits;
  }

  /** The number of passwords that wait for a slot. */
  get backlog(): number {
    return this.queue.backlog;
  }

  private async inTurn<T>(source: QueueSource | undefined, task: () => Promise<T>): Promise<T> {
    try {
      return await this.queue.run(source, task);
    } catch (error) {
      if (!(error instanceof QueueFull)) throw error;
      throw error.of === 'source'
        ? new PageError('passwords.too_many', { retryAfterSeconds })
        : new ServerBusy('The password queue is full.', retryAfterSeconds);
    }
  }
}
