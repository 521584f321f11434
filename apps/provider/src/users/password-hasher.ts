import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import { ServerBusy } from '@gatehouse/server/web/failure';
import { hash, verify, type Options } from '@node-rs/argon2';
import { mostPasswordUnits } from './user.js';

// Argon2id with the second recommended parameter set of OWASP's cheat sheet; changing them rehashes at the next login.
const parameters: Options = { memoryCost: 19456, timeCost: 2, parallelism: 1 };

/**
 * Argon2id off the event loop, at most as many at once as there are cores, behind a bounded queue.
 * A password is compared in Unicode's NFC (NIST SP 800-63B 3.1.1.2). What is longer than any password is not normalized:
 * it fits no hash, and still costs what every other wrong password costs.
 */
@Injectable()
export class PasswordHasher {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private readonly slots = Math.max(1, availableParallelism());
  private readonly mostWaiting = 64 * this.slots;
  private dummy: Promise<string> | undefined;

  /** @param password one that `checkPassword` accepted */
  async hash(password: string): Promise<string> {
    if (password.length > mostPasswordUnits) throw new RangeError('the password is too long');
    return this.inSlot(() => hash(password.normalize('NFC'), parameters));
  }

  /**
   * True when the password fits. An unknown user (undefined hash) costs what a known one costs, and is false.
   * @throws ServerBusy when too many wait already: 503 with Retry-After
   */
  async verify(passwordHash: string | undefined, password: string): Promise<boolean> {
    const against = passwordHash ?? (await (this.dummy ??= hash('no one has this password', parameters)));
    const typed = password.slice(0, mostPasswordUnits).normalize('NFC');
    const fits = await this.inSlot(() => verify(against, typed).catch(() => false));
    return fits && passwordHash !== undefined && password.length <= mostPasswordUnits;
  }

  /** How many passwords wait for a slot. */
  get backlog(): number {
    return this.waiting.length;
  }

  private async inSlot<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.slots) {
      if (this.waiting.length >= this.mostWaiting) throw new ServerBusy('too many passwords wait to be checked', 2);
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else this.running++;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}
