import { Inject, Injectable } from '@nestjs/common';
import { Reply, type PageOptions, type SetCookie } from '@gatehouse/platform/http/reply';
import { SETTINGS } from '../config/settings.token.js';
import type { ClientSettings } from '../config/settings.js';
import type { Visit } from '../session/visits.service.js';
import { routes } from './routes.js';

/** Where this client expects answers: what a provider must have registered for it. */
export interface ClientAddresses {
  readonly redirectUri: string;
  readonly postLogoutRedirectUri: string;
}

/** Makes the replies of our pages: what every layout shows is added here, the browser's cookie too. */
@Injectable()
export class Pages {
  readonly addresses: ClientAddresses;

  constructor(@Inject(SETTINGS) settings: ClientSettings) {
    const { origin } = new URL(settings.baseUrl);
    this.addresses = { redirectUri: `${origin}${routes.callback}`, postLogoutRedirectUri: `${origin}${routes.home}` };
  }

  page(visit: Visit, view: string, model: object, options: PageOptions = {}): Reply {
    const frame = {
      routes,
      csrf: visit.guard.csrf,
      requestId: visit.requestId,
      rightAddress: visit.rightAddress,
      username: visit.session?.content.username,
    };
    return Reply.page(
      view,
      { ...frame, ...model },
      { ...options, cookies: [...visit.guard.cookies, ...(options.cookies ?? [])] },
    );
  }

  redirect(visit: Visit, location: string, cookies: readonly SetCookie[] = []): Reply {
    return Reply.redirect(location, { cookies: [...visit.guard.cookies, ...cookies] });
  }
}
