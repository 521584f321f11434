import { Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';

interface SecondFactorSource {
  hasAny(userId: string): Promise<boolean>;
  hasAnyIn(unit: Unit, userId: string): Promise<boolean>;
  ownersAmong(userIds: readonly string[]): Promise<ReadonlySet<string>>;
}

/**
 * Tells modules that know accounts but not their factors whether an account has a second factor. The factors module,
 * which depends on this one, registers itself as the source.
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

  /** Reads within the unit of work. @throws Error in an application without the factors module */
  async hasAnyIn(unit: Unit, userId: string): Promise<boolean> {
    return this.required.hasAnyIn(unit, userId);
  }

  /** Those of these users who have a second factor. @throws Error in an application without the factors module */
  async ownersAmong(userIds: readonly string[]): Promise<ReadonlySet<string>> {
    return this.required.ownersAmong(userIds);
  }

  private get required(): SecondFactorSource {
    if (!this.source) throw new Error('No source of second factors is registered: import FactorsModule.');
    return this.source;
  }
}
