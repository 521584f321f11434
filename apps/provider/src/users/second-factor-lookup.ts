import { Injectable } from '@nestjs/common';

/**
 * Whether an account has a second factor, for those who know accounts and not their factors. The factors module, which
 * depends on this one, answers.
 */
@Injectable()
export class SecondFactorLookup {
  private source: ((userId: string) => Promise<boolean>) | undefined;

  answerWith(source: (userId: string) => Promise<boolean>): void {
    this.source = source;
  }

  /** @throws Error in an application without the factors module */
  async hasAny(userId: string): Promise<boolean> {
    if (!this.source) throw new Error('nothing answers whether accounts have a second factor');
    return this.source(userId);
  }
}
