import { Controller, Get, Inject, Req } from '@nestjs/common';
import { Clock } from '@gatehouse/platform/clock';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { routes } from '../web/routes.js';
import { ClientLogos } from './client-logos.service.js';
import { ClientsService } from './clients.service.js';

/** Serves clients' logos from this server's origin. */
@Controller(routes.clientLogo)
export class ClientLogoController {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ClientLogos) private readonly logos: ClientLogos,
  ) {}

  @Get(':id')
  async logo(@Req() request: WebRequest): Promise<Reply> {
    const client = await this.clients.find(request.params['id'] ?? '');
    const logo = client && (await this.logos.find(client, this.clock.now()));
    if (!logo) return Reply.empty(404, { 'Cache-Control': 'private, max-age=600' });
    return Reply.bytes(logo.body, logo.contentType, {
      headers: {
        'Cache-Control': 'private, max-age=86400',
        'Cross-Origin-Resource-Policy': 'same-origin',
      },
    });
  }
}
