import { Inject, Injectable } from '@nestjs/common';
import { decodeBase64url } from '@gatehouse/domain/kernel';
import { newSecret } from '@gatehouse/platform/secrets/random';
import type { SetCookie } from '@gatehouse/platform/http/reply';
import { cookie, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';

/** Read by the script of the check-session frame (web/assets/check-session.js). */
export const BROWSER_STATE_COOKIE = '__Host-gatehouse_browser_state';

export interface BrowserState {
  /** 256 random bits in base64url. */
  readonly value: string;
  readonly cookies: readonly SetCookie[];
}

/**
 * Owns the cookie that shows whether the browser's login has changed: a random value that grants nothing and is not stored,
 * readable by scripts of this origin and sent from cross-site frames. Not used on http: such a cookie must be Secure.
 * @see OpenID Connect Session Management 3.2
 */
@Injectable()
export class BrowserStates {
  private readonly isSecure: boolean;

  constructor(@Inject(SETTINGS) settings: Settings) {
    this.isSecure = settings.issuer.startsWith('https:');
  }

  /** The browser's current value, or undefined. */
  find(request: WebRequest): string | undefined {
    const value = this.isSecure ? cookie(request, BROWSER_STATE_COOKIE) : undefined;
    return value?.length === 43 && decodeBase64url(value) !== undefined ? value : undefined;
  }

  /**
   * Sets a new value, because the login of this browser changed.
   * @param maxAgeSeconds as for the session cookie: the value expires with the session, which is a change too
   * @returns undefined on http
   */
  renew(maxAgeSeconds: number | undefined): BrowserState | undefined {
    if (!this.isSecure) return undefined;
    const value = newSecret();
    return {
      value,
      cookies: [
        {
          name: BROWSER_STATE_COOKIE,
          value,
          secure: true,
          sameSite: 'None',
          readableBy: 'scripts',
          maxAgeSeconds,
        },
      ],
    };
  }
}
