import { Inject, Injectable } from '@nestjs/common';
import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { UnsealError, Keyring } from '@gatehouse/platform/secrets/keyring';
import { cookieName } from '@gatehouse/platform/http/browser-cookie';
import type { SetCookie } from '@gatehouse/platform/http/reply';
import { cookie, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../config/settings.token.js';
import type { ClientSettings } from '../config/settings.js';

/** Time for confirming the logout at the provider. */
const lifetimeSeconds = 3600;
const maxCharacters = 1000;
/** Between the browser's return and the page to which it is redirected. */
const cookieSeconds = 60;

/** The content of a valid `state` of a logout at a provider. */
export interface ConfirmedLogout {
  readonly providerName: string;
}

/**
 * The `state` of logouts at providers (OpenID Connect RP-Initiated Logout 1.0, 2 and 3): sealed and bound to the browser that
 * started the logout, so that no other site can make a browser show that its logout was completed. Stateless.
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
    return this.keyring.seal(associatedDataOf(browserHash), JSON.stringify(content));
  }

  /** Passes a state to the next page in a cookie, so that it does not stay in the URL. */
  cookieFor(state: string): SetCookie {
    return { name: this.cookieName, value: state, secure: this.secure, maxAgeSeconds: cookieSeconds };
  }

  /** The state of {@link cookieFor}. */
  kept(request: WebRequest): string | undefined {
    return cookie(request, this.cookieName);
  }

  removedCookie(): SetCookie {
    return { name: this.cookieName, value: '', secure: this.secure, maxAgeSeconds: 0 };
  }

  /** Undefined without a state, and for a forged or expired one or one of another browser. */
  read(state: string | undefined, browserHash: Buffer, now: EpochSeconds): ConfirmedLogout | undefined {
    if (state === undefined || state.length > maxCharacters) return undefined;
    try {
      // Only this server can seal it, so its structure is known.
      const [providerName, expiresAt] = JSON.parse(
        this.keyring.open(associatedDataOf(browserHash), state).toString(),
      ) as [string, number];
      return expiresAt > now ? { providerName } : undefined;
    } catch (error) {
      if (error instanceof UnsealError) return undefined;
      throw error;
    }
  }
}

function associatedDataOf(browserHash: Buffer): string {
  return `logout state:${browserHash.toString('base64url')}`;
}
