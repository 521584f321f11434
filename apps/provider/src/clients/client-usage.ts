import { Injectable } from '@nestjs/common';

/** What is known of how people use clients. */
interface ClientUsageSource {
  /** How many people let each of these clients act for them; those that nobody did may be left out. */
  countPeople(clientIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Whether a person has used a client. */
  hasUsed(clientId: string, userId: string): Promise<boolean>;
}

/** How people use clients, for those who know clients and no grants. The grants module, which depends on this one, answers. */
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
    if (!this.source) throw new Error('nothing answers how people use clients');
    return this.source;
  }
}
