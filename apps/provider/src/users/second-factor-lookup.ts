import { Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';

interface SecondFactorSource {
  hasAny(userId: string): Promise<boolean>;
  hasAnyIn(unit: Unit, userId: string): Promise<boolean>;
}

/**
 * Whether an account has a second factor, for those who know accounts and not their factors. The factors module, which
 * depends on this one, answers.
 */
@Injectable()
export class SecondFactorLookup {
  private source: SecondFactorSource | undefined;

  setSource(source: SecondFactorSource): void {
    this.source = source;
  }

  /** @throws Error in an application without the factors module */
  async hasAny(userId: string): Promise<boolean> {
    return this.required.hasAny(userId);
  }

  /** As a unit of work sees it. @throws Error in an application without the factors module */
  async hasAnyIn(unit: Unit, userId: string): Promise<boolean> {
    return this.required.hasAnyIn(unit, userId);
  }

  private get required(): SecondFactorSource {
    if (!this.source) throw new Error('nothing answers whether accounts have a second factor');
    return this.source;
  }
}
