import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Unit } from '@gatehouse/platform/database/store';
import { CurrentSettings } from '../../settings/current-settings.js';
import type { User } from '../user.js';
import type { RequestContext } from '../sessions/request-context.js';
import { parseAssertion, parseAttestation, withoutAttestation } from './authenticator-response.js';
import { Challenges, type ChallengeBinding } from './challenges.service.js';
import { Passkeys, type NewPasskey, type Passkey } from './passkeys.service.js';
import { relyingPartyOf, type RelyingParty } from './relying-party.js';
import { webauthn } from './webauthn.js';

/** ES256, which every authenticator supports, EdDSA, and RS256 for Windows Hello (RFC 9053 2, RFC 8812 2). */
const algorithms = [-7, -8, -257];
/** How long the browser shows its passkey dialog. */
const dialogMilliseconds = 300_000;

/** A valid assertion; nothing is consumed yet. */
export interface VerifiedAssertion {
  readonly passkey: Passkey;
  /** The authenticator verified a PIN or a biometric: two factors in one. */
  readonly userVerified: boolean;
  readonly counter: number;
  readonly challenge: string;
}

export interface VerifiedRegistration {
  readonly passkey: Omit<NewPasskey, 'name'>;
  readonly userVerified: boolean;
  readonly challenge: string;
}

/**
 * The WebAuthn ceremonies: creates the options for the browser and verifies the authenticator's response.
 * @see WebAuthn Level 3, 7.1 and 7.2
 */
@Injectable()
export class PasskeyCeremonies {
  private readonly relyingParty: RelyingParty | undefined;

  constructor(
    @Inject(CurrentSettings) private readonly settings: CurrentSettings,
    @Inject(Challenges) private readonly challenges: Challenges,
    @Inject(Passkeys) private readonly passkeys: Passkeys,
  ) {
    this.relyingParty = relyingPartyOf(settings.environment.issuer);
  }

  /** False if browsers cannot create passkeys for the issuer. */
  get possible(): boolean {
    return this.relyingParty !== undefined;
  }

  /** Options for the login page: any passkey of this server, with user verification. Undefined if passkeys are not possible. */
  async loginOptions(context: RequestContext): Promise<string | undefined> {
    if (!this.relyingParty) return undefined;
    const { generateAuthenticationOptions } = await webauthn();
    const options = await generateAuthenticationOptions({
      rpID: this.relyingParty.id,
      challenge: this.challenges.make(challengePlace(context, 'login'), context.now),
      timeout: dialogMilliseconds,
      userVerification: 'required',
    });
    return JSON.stringify(options);
  }

  /** Options for the second-factor page: one of the user's passkeys. Undefined if the user has none. */
  async factorOptions(context: RequestContext, userId: string): Promise<string | undefined> {
    if (!this.relyingParty) return undefined;
    const ownPasskeys = await this.passkeys.listOf(userId);
    if (ownPasskeys.length === 0) return undefined;
    const { generateAuthenticationOptions } = await webauthn();
    const options = await generateAuthenticationOptions({
      rpID: this.relyingParty.id,
      challenge: this.challenges.make(challengePlace(context, 'factor', userId), context.now),
      timeout: dialogMilliseconds,
      userVerification: 'preferred',
      allowCredentials: ownPasskeys.map(({ credentialId, transports }) => ({
        id: credentialId,
        transports: [...transports],
      })),
    });
    return JSON.stringify(options);
  }

  /** Options for adding a passkey. Excludes the user's existing passkeys, so that a device does not get a second one. */
  async enrollOptions(context: RequestContext, user: User): Promise<string | undefined> {
    if (!this.relyingParty) return undefined;
    const ownPasskeys = await this.passkeys.listOf(user.id);
    const { generateRegistrationOptions } = await webauthn();
    const options = await generateRegistrationOptions({
      rpName: this.settings.current().productName,
      rpID: this.relyingParty.id,
      userID: new Uint8Array(Buffer.from(user.id)),
      userName: user.username,
      userDisplayName: user.name ?? user.username,
      challenge: this.challenges.make(challengePlace(context, 'enroll', user.id), context.now),
      timeout: dialogMilliseconds,
      attestationType: 'none',
      excludeCredentials: ownPasskeys.map(({ credentialId, transports }) => ({
        id: credentialId,
        transports: [...transports],
      })),
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
      supportedAlgorithmIDs: algorithms,
    });
    return JSON.stringify(options);
  }

  /**
   * Checks an assertion (WebAuthn 7.2).
   * @param expected any user's passkey at the login, with user verification; one user's passkey as a second factor
   * @returns the result; the passkey and a reason if the passkey is known but the assertion is invalid; otherwise undefined
   */
  async verify(
    context: RequestContext,
    text: string,
    expected: { readonly purpose: 'login' } | { readonly purpose: 'factor'; readonly userId: string },
  ): Promise<VerifiedAssertion | { readonly passkey: Passkey; readonly refused: string } | undefined> {
    const response = parseAssertion(text);
    if (!response || !this.relyingParty) return undefined;
    const passkey = await this.passkeys.findByCredential(response.id);
    if (!passkey) return undefined;
    if (expected.purpose === 'factor' && passkey.userId !== expected.userId) return undefined;
    // WebAuthn 7.2 step 6: the row determines the owner; the user handle must match it.
    const { userHandle } = response.response;
    if (userHandle !== undefined && userHandle !== Buffer.from(passkey.userId).toString('base64url'))
      return { passkey, refused: 'wrong user handle' };
    const place = challengePlace(context, expected.purpose, expected.purpose === 'factor' ? expected.userId : '');
    let challenge = '';
    const { verifyAuthenticationResponse } = await webauthn();
    try {
      const { verified, authenticationInfo } = await verifyAuthenticationResponse({
        response,
        expectedChallenge: (sent) => {
          challenge = sent;
          return this.challenges.isGenuine(place, sent, context.now);
        },
        expectedOrigin: this.relyingParty.origin,
        expectedRPID: this.relyingParty.id,
        requireUserVerification: expected.purpose === 'login',
        credential: {
          id: passkey.credentialId,
          publicKey: new Uint8Array(passkey.publicKey),
          counter: passkey.counter,
        },
      });
      if (!verified) return { passkey, refused: 'wrong signature' };
      const { userVerified, newCounter } = authenticationInfo;
      return { passkey, userVerified, counter: newCounter, challenge };
    } catch (error) {
      // The library reports an invalid assertion by an exception.
      return { passkey, refused: error instanceof Error ? error.message : 'unreadable' };
    }
  }

  /** Consumes the challenge and updates the counter. False if the challenge was used before or the key is a clone. */
  async consume(unit: Unit, proof: VerifiedAssertion, now: EpochSeconds): Promise<boolean> {
    if (!(await this.challenges.consume(unit, proof.challenge, now))) return false;
    return this.passkeys.use(unit, proof.passkey.id, proof.counter, now);
  }

  /** Verifies a new credential (WebAuthn 7.1). Accepts any authenticator, without attestation. */
  async verifyNew(
    { browserId, userId, now }: { readonly browserId: string; readonly userId: string; readonly now: EpochSeconds },
    text: string,
  ): Promise<VerifiedRegistration | undefined> {
    const response = parseAttestation(text);
    const bare = response && (await withoutAttestation(response));
    if (!bare || !this.relyingParty) return undefined;
    const place: ChallengeBinding = { purpose: 'enroll', browserId, userId };
    let challenge = '';
    const { verifyRegistrationResponse } = await webauthn();
    try {
      const { verified, registrationInfo } = await verifyRegistrationResponse({
        response: bare,
        expectedChallenge: (sent) => {
          challenge = sent;
          return this.challenges.isGenuine(place, sent, now);
        },
        expectedOrigin: this.relyingParty.origin,
        expectedRPID: this.relyingParty.id,
        requireUserVerification: false,
        supportedAlgorithmIDs: algorithms,
      });
      if (!verified) return undefined;
      const { credential, credentialDeviceType, userVerified } = registrationInfo;
      return {
        passkey: {
          userId,
          credentialId: credential.id,
          publicKey: Buffer.from(credential.publicKey),
          counter: credential.counter,
          transports: credential.transports ?? [],
          synced: credentialDeviceType === 'multiDevice',
        },
        userVerified,
        challenge,
      };
    } catch {
      return undefined;
    }
  }

  async consumeNew(unit: Unit, proof: VerifiedRegistration, now: EpochSeconds): Promise<boolean> {
    return this.challenges.consume(unit, proof.challenge, now);
  }
}

function challengePlace(context: RequestContext, purpose: ChallengeBinding['purpose'], userId = ''): ChallengeBinding {
  return { purpose, browserId: context.browser.id, userId };
}
