import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import { ServerBusy } from '@gatehouse/platform/http/failure';
import { hash, verify, type Options } from '@node-rs/argon2';
import { PageError } from '../../web/page-error.js';
import { FairQueue, QueueFull, type QueueSource } from '../throttling/fair-queue.js';
import { maxPasswordUnits } from '../user.js';

// Argon2id with the second recommended parameter set of OWASP's cheat sheet; changing them rehashes at the next login.
const parameters: Options = { memoryCost: 19456, timeCost: 2, parallelism: 1 };

const retryAfterSeconds = 2;

/**
 * Argon2id off the event loop, at most as many at once as there are cores, behind a bounded queue that serves networks and
 * addresses in turn, and keeps places for people whom it knows.
 * A password is compared in Unicode's NFC (NIST SP 800-63B 3.1.1.2). What is longer than any password is not normalized:
 * it fits no hash, and still costs what every other wrong password costs.
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
   * @param source who asks (`password-source.ts`); left out: an operator
   * @throws ServerBusy when too many wait already: 503 with Retry-After
   * @throws PageError passwords.too_many when too many of this source wait: 429 with Retry-After
   */
  async hash(password: string, source?: QueueSource): Promise<string> {
    if (password.length > maxPasswordUnits) throw new RangeError('the password is too long');
    return this.inTurn(source, () => hash(password.normalize('NFC'), parameters));
  }

  /**
   * True when the password fits. An unknown user (undefined hash) costs what a known one costs, and is false.
   * @param source as for {@link hash}
   * @throws ServerBusy, PageError as {@link hash} does
   */
  async verify(passwordHash: string | undefined, password: string, source?: QueueSource): Promise<boolean> {
    const against = passwordHash ?? (await (this.dummy ??= hash('no one has this password', parameters)));
    const typed = password.slice(0, maxPasswordUnits).normalize('NFC');
    const fits = await this.inTurn(source, () => verify(against, typed).catch(() => false));
    return fits && passwordHash !== undefined && password.length <= maxPasswordUnits;
  }

  /** How many passwords wait for a slot. */
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
        : new ServerBusy('too many passwords wait to be checked', retryAfterSeconds);
    }
  }
}
