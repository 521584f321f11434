import { Inject, Injectable } from '@nestjs/common';
import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { CannotOpen, Keyring } from '@gatehouse/platform/secrets/keyring';
import { routes } from '../web/routes.js';
import { flowLifetimeSeconds, type FlowContent, type FlowOrigin, type LoginFlow } from './login-flow.js';

/** No `state` of a row begins like this: it has one dot. */
const prefix = 'sealed..';
/** What providers take without complaint. */
const maxCharacters = 2000;
const maxRemembered = 10_000;

/** In this order: names would only make the `state` longer. */
type SealedFlow = readonly [
  providerId: string,
  expiresAt: number,
  issuer: string,
  clientId: string,
  nonce: string,
  codeVerifier: string,
  next: string,
];

/**
 * Logins that are kept in their own `state`, sealed for the browser where they began: for the time when the table takes
 * no more, so that nobody can keep others from logging in.
 *
 * Without a row a `state` can come back twice. That is harmless: it opens in the one browser where it began, and the
 * code that comes with it is worth something once (RFC 6749 4.1.2; the verifier is bound to it), so that a replay at
 * most meets the provider's refusal. What this process saw is remembered for a while, so that a reload or a second
 * click does not even ask: some providers end what the first redemption got when a code comes again.
 */
@Injectable()
export class SealedStates {
  /** Nonces of the logins that were answered, and when they would have expired; the oldest first. */
  private readonly spent = new Map<string, number>();

  constructor(@Inject(Keyring) private readonly keyring: Keyring) {}

  seal(origin: FlowOrigin, content: FlowContent, now: EpochSeconds): string {
    const state = this.sealed(origin, content, now, content.next);
    // The way to the page is lost rather than the login.
    return state.length <= maxCharacters ? state : this.sealed(origin, content, now, routes.home);
  }

  isSealed(state: string): boolean {
    return state.startsWith(prefix);
  }

  /** The login of a sealed `state`, in the browser where it was begun; forged, expired and foreign ones look the same. */
  open(state: string, browserHash: Buffer, now: EpochSeconds): LoginFlow | undefined {
    if (state.length > maxCharacters) return undefined;
    const flow = this.opened(state.slice(prefix.length), browserHash);
    if (!flow) return undefined;
    const [providerId, expiresAt, issuer, clientId, nonce, codeVerifier, next] = flow;
    if (expiresAt <= now) return undefined;
    const content = { issuer, clientId, nonce, codeVerifier, next, messages: [] };
    return { key: { nonce, expiresAt }, providerId, consumed: this.spent.has(nonce), content };
  }

  /** True for the first answer that this process sees. */
  spend({ nonce, expiresAt }: { readonly nonce: string; readonly expiresAt: number }, now: EpochSeconds): boolean {
    if (this.spent.has(nonce)) return false;
    for (const [known, until] of this.spent) {
      if (until > now && this.spent.size < maxRemembered) break;
      this.spent.delete(known);
    }
    this.spent.set(nonce, expiresAt);
    return true;
  }

  private sealed(
    { browserHash, providerId }: FlowOrigin,
    content: FlowContent,
    now: EpochSeconds,
    next: string,
  ): string {
    const { issuer, clientId, nonce, codeVerifier } = content;
    const expiresAt = addSeconds(now, flowLifetimeSeconds);
    const flow: SealedFlow = [providerId, expiresAt, issuer, clientId, nonce, codeVerifier, next];
    return prefix + this.keyring.seal(placeOf(browserHash), JSON.stringify(flow));
  }

  private opened(sealed: string, browserHash: Buffer): SealedFlow | undefined {
    try {
      // What opens was sealed by us: its shape is known.
      return JSON.parse(this.keyring.open(placeOf(browserHash), sealed).toString()) as SealedFlow;
    } catch (error) {
      if (error instanceof CannotOpen) return undefined;
      throw error;
    }
  }
}

function placeOf(browserHash: Buffer): string {
  return `login state:${browserHash.toString('base64url')}`;
}
