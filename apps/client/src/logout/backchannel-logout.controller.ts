import { Controller, Inject, Post, Req } from '@nestjs/common';
import { Clock } from '@gatehouse/platform/clock';
import { Log } from '@gatehouse/platform/telemetry/log';
import { readForm } from '@gatehouse/platform/http/read-form';
import { Reply } from '@gatehouse/platform/http/reply';
import { requestId, type WebRequest } from '@gatehouse/platform/http/request';
import { routes } from '../web/routes.js';
import { BackchannelLogout } from './backchannel-logout.service.js';

/** The back-channel logout endpoint (OpenID Connect Back-Channel Logout 1.0, 2.5, 2.8). */
@Controller(routes.backchannelLogout)
export class BackchannelLogoutController {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Log) private readonly log: Log,
    @Inject(BackchannelLogout) private readonly logout: BackchannelLogout,
  ) {}

  @Post()
  async receive(@Req() request: WebRequest): Promise<Reply> {
    const form = await readForm(request, { limitBytes: 16 * 1024 });
    const tokens = form.all('logout_token');
    const fields = { requestId: requestId(request) };
    if (tokens.length !== 1) return invalidRequest('The logout_token is missing.');
    try {
      const ended = await this.logout.receive(tokens[0] ?? '', this.clock.now());
      if (ended === undefined)
        return invalidRequest('The logout token is not from a known provider, or was already used.');
      this.log.info({ ...fields, ended }, 'sessions ended by provider');
      return Reply.empty(200);
    } catch (error) {
      // The provider retries; the token was not consumed.
      this.log.error({ ...fields, err: error }, 'a logout token could not be validated');
      return Reply.json({ error: 'temporarily_unavailable' }, { status: 503 });
    }
  }
}

function invalidRequest(description: string): Reply {
  return Reply.json({ error: 'invalid_request', error_description: description }, { status: 400 });
}
