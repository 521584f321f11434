import { Inject, Injectable } from '@nestjs/common';
import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { CannotOpen, Keyring } from '@gatehouse/platform/secrets/keyring';
import { cookieName } from '@gatehouse/platform/http/browser-cookie';
import type { SetCookie } from '@gatehouse/platform/http/reply';
import { cookie, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../config/settings.token.js';
import type { ClientSettings } from '../config/settings.js';

/** How long somebody may take to confirm the logout at the provider. */
const lifetimeSeconds = 3600;
const maxCharacters = 1000;
/** Between the browser's return and the page that it is redirected to. */
const cookieSeconds = 60;

/** What a browser that comes back from a logout at a provider proves by its `state`. */
export interface ConfirmedLogout {
  readonly providerName: string;
}

/**
 * The `state` of logouts at providers (OpenID Connect RP-Initiated Logout 1.0, 2 and 3): sealed and bound to the browser
 * where the logout began, so that no other page can make a browser show that its logout was completed. Nothing is stored.
 */
@Injectable()
export class LogoutStates {
  private readonly secure: boolean;
  private readonly cookieName: string;

  constructor(
    @Inject(Keyring) private readonly keyring: Keyring,
    @Inject(SETTINGS) settings: ClientSettings,
  ) {
    this.secure = settings.baseUrl.startsWith('https:');
    this.cookieName = cookieName('gatehouse_client_logged_out', this.secure);
  }

  create({ providerName }: ConfirmedLogout, browserHash: Buffer, now: EpochSeconds): string {
    const content: readonly [string, number] = [providerName, addSeconds(now, lifetimeSeconds)];
    return this.keyring.seal(placeOf(browserHash), JSON.stringify(content));
  }

  /** Keeps a state for the next page, so that it does not stay in the address. */
  cookieFor(state: string): SetCookie {
    return { name: this.cookieName, value: state, secure: this.secure, maxAgeSeconds: cookieSeconds };
  }

  /** The state that {@link cookieFor} kept. */
  kept(request: WebRequest): string | undefined {
    return cookie(request, this.cookieName);
  }

  removedCookie(): SetCookie {
    return { name: this.cookieName, value: '', secure: this.secure, maxAgeSeconds: 0 };
  }

  /** Undefined when there is none, or it was forged, has expired, or belongs to another browser. */
  read(state: string | undefined, browserHash: Buffer, now: EpochSeconds): ConfirmedLogout | undefined {
    if (state === undefined || state.length > maxCharacters) return undefined;
    try {
      // What opens was sealed by us: its shape is known.
      const [providerName, expiresAt] = JSON.parse(this.keyring.open(placeOf(browserHash), state).toString()) as [
        string,
        number,
      ];
      return expiresAt > now ? { providerName } : undefined;
    } catch (error) {
      if (error instanceof CannotOpen) return undefined;
      throw error;
    }
  }
}

function placeOf(browserHash: Buffer): string {
  return `logout state:${browserHash.toString('base64url')}`;
}
