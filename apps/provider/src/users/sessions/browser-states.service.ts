import { Inject, Injectable } from '@nestjs/common';
import { decodeBase64url } from '@gatehouse/domain/kernel';
import { newSecret } from '@gatehouse/platform/secrets/random';
import type { SetCookie } from '@gatehouse/platform/http/reply';
import { cookie, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';

/** The script of the check-session frame (http/assets/check-session.js) reads it by this name. */
export const BROWSER_STATE_COOKIE = '__Host-gatehouse_browser_state';

export interface BrowserState {
  /** 256 random bits in base64url. */
  readonly value: string;
  readonly cookies: readonly SetCookie[];
}

/**
 * Owns the cookie by which a browser sees that its login has changed: a random value without any authority, stored nowhere,
 * readable by our own scripts and sent from frames of other sites. On http there is none: such a cookie must be Secure.
 * @see OpenID Connect Session Management 3.2
 */
@Injectable()
export class BrowserStates {
  private readonly used: boolean;

  constructor(@Inject(SETTINGS) settings: Settings) {
    this.used = settings.issuer.startsWith('https:');
  }

  /** The value that this browser has, or undefined. */
  find(request: WebRequest): string | undefined {
    const value = this.used ? cookie(request, BROWSER_STATE_COOKIE) : undefined;
    return value?.length === 43 && decodeBase64url(value) !== undefined ? value : undefined;
  }

  /**
   * Another value: the login of this browser changed.
   * @param maxAgeSeconds as that of the session's cookie: with the session the value goes, and that is a change too
   * @returns undefined on http
   */
  renew(maxAgeSeconds: number | undefined): BrowserState | undefined {
    if (!this.used) return undefined;
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
