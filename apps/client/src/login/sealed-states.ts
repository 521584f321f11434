import { Inject, Injectable } from '@nestjs/common';
import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { UnsealError, Keyring } from '@gatehouse/platform/secrets/keyring';
import { routes } from '../web/routes.js';
import { flowLifetimeSeconds, type FlowContent, type FlowOrigin, type LoginFlow } from './login-flow.js';

/** The `state` of a row never has this prefix: it contains a single dot. */
const prefix = 'sealed..';
/** A length that providers accept. */
const maxCharacters = 2000;
const maxRemembered = 10_000;

/** A tuple, because member names would make the `state` longer. */
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
 * Logins that are stored in their own `state`, sealed for the browser that started them: used while the table is full, so that
 * filling it does not prevent logins.
 *
 * Without a row, a `state` can be replayed. That is harmless: it opens only in the browser that started the login, and its code
 * can be redeemed once (RFC 6749 4.1.2; the verifier is bound to it), so the provider rejects a replay. This process also
 * remembers the states that it consumed, so that a reload or a second click does not redeem the code again, upon which some
 * providers revoke the tokens of the first redemption.
 */
@Injectable()
export class SealedStates {
  /** Nonces of consumed logins and when they would have expired, oldest first. */
  private readonly consumed = new Map<string, number>();

  constructor(@Inject(Keyring) private readonly keyring: Keyring) {}

  seal(origin: FlowOrigin, content: FlowContent, now: EpochSeconds): string {
    const state = this.sealFlow(origin, content, now, content.next);
    // Too long: drop the next address rather than the login.
    return state.length <= maxCharacters ? state : this.sealFlow(origin, content, now, routes.home);
  }

  isSealed(state: string): boolean {
    return state.startsWith(prefix);
  }

  /** The login of a sealed `state` in the browser that started it; undefined for forged and expired ones and in another browser. */
  open(state: string, browserHash: Buffer, now: EpochSeconds): LoginFlow | undefined {
    if (state.length > maxCharacters) return undefined;
    const flow = this.openFlow(state.slice(prefix.length), browserHash);
    if (!flow) return undefined;
    const [providerId, expiresAt, issuer, clientId, nonce, codeVerifier, next] = flow;
    if (expiresAt <= now) return undefined;
    const content = { issuer, clientId, nonce, codeVerifier, next, messages: [] };
    return { key: { nonce, expiresAt }, providerId, consumed: this.consumed.has(nonce), content };
  }

  /** True for the first response in this process. */
  consume({ nonce, expiresAt }: { readonly nonce: string; readonly expiresAt: number }, now: EpochSeconds): boolean {
    if (this.consumed.has(nonce)) return false;
    for (const [consumedNonce, until] of this.consumed) {
      if (until > now && this.consumed.size < maxRemembered) break;
      this.consumed.delete(consumedNonce);
    }
    this.consumed.set(nonce, expiresAt);
    return true;
  }

  private sealFlow(
    { browserHash, providerId }: FlowOrigin,
    content: FlowContent,
    now: EpochSeconds,
    next: string,
  ): string {
    const { issuer, clientId, nonce, codeVerifier } = content;
    const expiresAt = addSeconds(now, flowLifetimeSeconds);
    const flow: SealedFlow = [providerId, expiresAt, issuer, clientId, nonce, codeVerifier, next];
    return prefix + this.keyring.seal(associatedDataOf(browserHash), JSON.stringify(flow));
  }

  private openFlow(sealed: string, browserHash: Buffer): SealedFlow | undefined {
    try {
      // Only this server can seal it, so its structure is known.
      return JSON.parse(this.keyring.open(associatedDataOf(browserHash), sealed).toString()) as SealedFlow;
    } catch (error) {
      if (error instanceof UnsealError) return undefined;
      throw error;
    }
  }
}

function associatedDataOf(browserHash: Buffer): string {
  return `login state:${browserHash.toString('base64url')}`;
}
