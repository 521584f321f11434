import { Inject, Injectable } from '@nestjs/common';
import type { TrustedIssuerDraft } from '@gatehouse/domain/oauth';
import { ClientsService } from '../clients/clients.service.js';
import { invalidInput } from '../operations/operation-error.js';
import { ResourcesService } from '../resources/resources.service.js';
import { text } from '../i18n/message.js';

/** The maximum number of lookups per list; other checks reject longer lists. */
const maxChecked = 100;

/** Checks that the clients and APIs of an issuer exist. */
@Injectable()
export class IssuerReferences {
  constructor(
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
  ) {}

  /** @throws OperationError invalid, for `clients.N` or `resources.N` */
  async check({ clients, resources = [] }: TrustedIssuerDraft): Promise<void> {
    for (const [index, id] of clients.slice(0, maxChecked).entries())
      if (!(await this.clients.find(id)))
        throw invalidInput([
          { field: `clients.${index}`, message: text('problem.issuer.client', { id: id.slice(0, 100) }) },
        ]);
    for (const [index, identifier] of resources.slice(0, maxChecked).entries())
      if (!(await this.resources.find(identifier)))
        throw invalidInput([
          {
            field: `resources.${index}`,
            message: text('problem.issuer.resource', { identifier: identifier.slice(0, 100) }),
          },
        ]);
  }
}
