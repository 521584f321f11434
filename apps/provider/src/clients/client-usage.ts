import { Injectable } from '@nestjs/common';

/** How users use clients. */
interface ClientUsageSource {
  /** How many users granted each of these clients access; clients without any may be absent. */
  countPeople(clientIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Whether a user has used a client. */
  hasUsed(clientId: string, userId: string): Promise<boolean>;
}

/**
 * Client usage for modules that must not depend on grants. The grants module, which depends on this one, provides the
 * source.
 */
@Injectable()
export class ClientUsage implements ClientUsageSource {
  private source: ClientUsageSource | undefined;

  setSource(source: ClientUsageSource): void {
    this.source = source;
  }

  async countPeople(clientIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.requireSource().countPeople(clientIds);
  }

  async hasUsed(clientId: string, userId: string): Promise<boolean> {
    return this.requireSource().hasUsed(clientId, userId);
  }

  /** @throws Error in an application without the grants module */
  private requireSource(): ClientUsageSource {
    if (!this.source) throw new Error('client usage has no source: import the grants module');
    return this.source;
  }
}
