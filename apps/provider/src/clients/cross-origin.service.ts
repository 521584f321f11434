import { Inject, Injectable } from '@nestjs/common';
import { header, type WebRequest } from '@gatehouse/server/web/request';
import { allowOrigin } from '../http/cors.js';
import { ClientsService } from './clients.service.js';

/** Scripts of pages that a client is registered at may read what the endpoints for clients answer, refusals too. */
@Injectable()
export class CrossOrigin {
  constructor(@Inject(ClientsService) private readonly clients: ClientsService) {}

  /** Before anything that can be refused: the answer's headers are taken from what this finds. */
  async check(request: WebRequest): Promise<void> {
    const origin = header(request, 'origin');
    if (origin !== undefined && (await this.clients.isRegisteredOrigin(origin))) allowOrigin(request, origin);
  }
}
