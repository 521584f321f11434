import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Clock } from '@gatehouse/platform/clock';
import type { Browser } from '@gatehouse/platform/http/browser-cookie';
import { LoopbackNames } from '@gatehouse/platform/http/loopback-names';
import { PageForms, type FormGuard, type PostedForm } from '@gatehouse/platform/http/page-forms';
import { addressKey, clientAddress, cookie, requestId, type WebRequest } from '@gatehouse/platform/http/request';
import type { ClientSettings } from '../config/settings.js';
import { SETTINGS } from '../config/settings.token.js';
import type { ClientSession } from './client-session.js';
import { SessionsService } from './sessions.service.js';

/** A browser's request to a page: browser, session, user. */
export interface RequestContext {
  readonly request: WebRequest;
  /** The URL of this page at the base URL, where it is shown under another loopback name. */
  readonly rightAddress?: string | undefined;
  readonly now: EpochSeconds;
  readonly requestId: string;
  /** The address, or its /64 for IPv6: the key of rate limits. */
  readonly addressKey: string;
  readonly guard: FormGuard;
  readonly session: ClientSession | undefined;
}

export type PostedRequestContext = RequestContext & { readonly posted: PostedForm };

/** Creates request contexts, from which controllers get browser and session. */
@Injectable()
export class RequestContexts {
  private readonly loopbackNames: LoopbackNames;

  constructor(
    @Inject(SETTINGS) settings: ClientSettings,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(SessionsService) private readonly sessions: SessionsService,
  ) {
    this.loopbackNames = new LoopbackNames({
      origin: settings.baseUrl,
      behindProxy: !settings.trustedProxies.isEmpty,
    });
  }

  /** @throws OtherLoopbackName for a page of a local server that was opened with another name than that of the base URL */
  async open(request: WebRequest, browser?: Browser): Promise<RequestContext> {
    const rightAddress = this.loopbackNames.check(request);
    const now = this.clock.now();
    const guard = browser ? this.forms.guardOf(browser) : this.forms.guard(request);
    const session = await this.sessions.find(cookie(request, this.sessions.cookieName), now);
    return {
      request,
      rightAddress,
      now,
      requestId: requestId(request),
      addressKey: addressKey(clientAddress(request)),
      guard,
      session,
    };
  }

  /** Reads a posted form and checks CSRF token and Origin; `posted` contains a rejection. */
  async post(request: WebRequest): Promise<PostedRequestContext> {
    const posted = await this.forms.read(request, { limitBytes: 64 * 1024 });
    return { ...(await this.open(request, posted.browser)), posted };
  }
}
