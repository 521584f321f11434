import { Inject, Injectable } from '@nestjs/common';
import { Reply, type PageOptions, type SetCookie } from '@gatehouse/platform/http/reply';
import { pathOf } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../config/settings.token.js';
import type { ClientSettings } from '../config/settings.js';
import type { RequestContext } from '../session/request-contexts.service.js';
import { routes } from './routes.js';

/** URLs of this client that a provider must have registered. */
export interface ClientAddresses {
  readonly redirectUri: string;
  readonly postLogoutRedirectUri: string;
}

/** The entry of the navigation that a page belongs to. */
function sectionOf(path: string): string | undefined {
  if (path === routes.home) return 'home';
  return [routes.messages, routes.providers].find((each) => path === each || path.startsWith(`${each}/`))?.slice(1);
}

/** Creates the replies of pages: adds what every frame shows, and the browser's cookie. */
@Injectable()
export class Pages {
  readonly addresses: ClientAddresses;

  constructor(@Inject(SETTINGS) settings: ClientSettings) {
    const { origin } = new URL(settings.baseUrl);
    this.addresses = { redirectUri: `${origin}${routes.callback}`, postLogoutRedirectUri: `${origin}${routes.home}` };
  }

  page(context: RequestContext, view: string, model: object, options: PageOptions = {}): Reply {
    const frame = {
      csrf: context.guard.csrf,
      requestId: context.requestId,
      rightAddress: context.rightAddress,
      username: context.session?.content.username,
      section: sectionOf(pathOf(context.request)),
    };
    return Reply.page(
      view,
      { ...frame, ...model },
      { ...options, cookies: [...context.guard.cookies, ...(options.cookies ?? [])] },
    );
  }

  redirect(context: RequestContext, location: string, cookies: readonly SetCookie[] = []): Reply {
    return Reply.redirect(location, { cookies: [...context.guard.cookies, ...cookies] });
  }
}
