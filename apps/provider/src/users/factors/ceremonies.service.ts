import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Unit } from '@gatehouse/platform/database/store';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import type { User } from '../user.js';
import type { RequestContext } from '../sessions/request-context.js';
import { parseAssertion, parseAttestation, withoutAttestation } from './authenticator-response.js';
import { Challenges, type ChallengePlace } from './challenges.service.js';
import { Passkeys, type NewPasskey, type Passkey } from './passkeys.service.js';
import { relyingPartyOf, type RelyingParty } from './relying-party.js';
import { webauthn } from './webauthn.js';

/** ES256, which every authenticator has, EdDSA, and RS256 for those of Windows (RFC 9053 2, RFC 8812 2). */
const algorithms = [-7, -8, -257];
/** How long a browser shows its own dialogue. */
const dialogueMilliseconds = 300_000;

/** A right answer of an authenticator; nothing is spent yet. */
export interface PasskeyProof {
  readonly passkey: Passkey;
  /** The authenticator checked a PIN or a biometric: two factors in one. */
  readonly userVerified: boolean;
  readonly counter: number;
  readonly challenge: string;
}

export interface NewPasskeyProof {
  readonly passkey: Omit<NewPasskey, 'name'>;
  readonly userVerified: boolean;
  readonly challenge: string;
}

/**
 * The ceremonies of WebAuthn: what a page asks an authenticator, and whether the answer is right.
 * @see WebAuthn Level 3, 7.1 and 7.2
 */
@Injectable()
export class Ceremonies {
  private readonly relyingParty: RelyingParty | undefined;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Challenges) private readonly challenges: Challenges,
    @Inject(Passkeys) private readonly passkeys: Passkeys,
  ) {
    this.relyingParty = relyingPartyOf(settings.issuer);
  }

  /** False on an issuer that browsers make no passkeys for. */
  get possible(): boolean {
    return this.relyingParty !== undefined;
  }

  /** What the login page asks: any passkey of ours, and the person must be verified. Undefined where there are none. */
  async loginOptions(context: RequestContext): Promise<string | undefined> {
    if (!this.relyingParty) return undefined;
    const { generateAuthenticationOptions } = await webauthn();
    const options = await generateAuthenticationOptions({
      rpID: this.relyingParty.id,
      challenge: this.challenges.make(placeOf(context, 'login'), context.now),
      timeout: dialogueMilliseconds,
      userVerification: 'required',
    });
    return JSON.stringify(options);
  }

  /** What the second-factor page asks: one of this person's. Undefined for whoever has none. */
  async factorOptions(context: RequestContext, userId: string): Promise<string | undefined> {
    if (!this.relyingParty) return undefined;
    const own = await this.passkeys.listOf(userId);
    if (own.length === 0) return undefined;
    const { generateAuthenticationOptions } = await webauthn();
    const options = await generateAuthenticationOptions({
      rpID: this.relyingParty.id,
      challenge: this.challenges.make(placeOf(context, 'factor', userId), context.now),
      timeout: dialogueMilliseconds,
      userVerification: 'preferred',
      allowCredentials: own.map(({ credentialId, transports }) => ({ id: credentialId, transports: [...transports] })),
    });
    return JSON.stringify(options);
  }

  /** What a page asks that adds a passkey; the person's own are left out, so that none is made twice on one device. */
  async enrollOptions(context: RequestContext, user: User): Promise<string | undefined> {
    if (!this.relyingParty) return undefined;
    const own = await this.passkeys.listOf(user.id);
    const { generateRegistrationOptions } = await webauthn();
    const options = await generateRegistrationOptions({
      rpName: this.settings.productName,
      rpID: this.relyingParty.id,
      userID: new Uint8Array(Buffer.from(user.id)),
      userName: user.username,
      userDisplayName: user.name ?? user.username,
      challenge: this.challenges.make(placeOf(context, 'enroll', user.id), context.now),
      timeout: dialogueMilliseconds,
      attestationType: 'none',
      excludeCredentials: own.map(({ credentialId, transports }) => ({
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
   * @param asked whose it must be: anybody's at the login, then with user verification; one person's as a second factor
   * @returns the proof; the passkey alone where it is known and the rest is wrong; undefined for whatever else was sent
   */
  async verify(
    context: RequestContext,
    text: string,
    asked: { readonly purpose: 'login' } | { readonly purpose: 'factor'; readonly userId: string },
  ): Promise<PasskeyProof | { readonly passkey: Passkey; readonly refused: string } | undefined> {
    const response = parseAssertion(text);
    if (!response || !this.relyingParty) return undefined;
    const passkey = await this.passkeys.findByCredential(response.id);
    if (!passkey) return undefined;
    if (asked.purpose === 'factor' && passkey.userId !== asked.userId) return undefined;
    // WebAuthn 7.2 step 6: whose it is says the row; what the authenticator says must agree.
    const { userHandle } = response.response;
    if (userHandle !== undefined && userHandle !== Buffer.from(passkey.userId).toString('base64url'))
      return { passkey, refused: 'it names another person' };
    const place = placeOf(context, asked.purpose, asked.purpose === 'factor' ? asked.userId : '');
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
        requireUserVerification: asked.purpose === 'login',
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
      // The library says by an exception what is wrong with what a browser sent.
      return { passkey, refused: error instanceof Error ? error.message : 'unreadable' };
    }
  }

  /** Spends what a proof rests on. False when it was used before, or a copy of the key was. */
  async spend(unit: Unit, proof: PasskeyProof, now: EpochSeconds): Promise<boolean> {
    if (!(await this.challenges.spend(unit, proof.challenge, now))) return false;
    return this.passkeys.use(unit, proof.passkey.id, proof.counter, now);
  }

  /** Checks a new credential (WebAuthn 7.1). What made it is not asked for: any authenticator will do. */
  async verifyNew(
    { browserId, userId, now }: { readonly browserId: string; readonly userId: string; readonly now: EpochSeconds },
    text: string,
  ): Promise<NewPasskeyProof | undefined> {
    const response = parseAttestation(text);
    const bare = response && (await withoutAttestation(response));
    if (!bare || !this.relyingParty) return undefined;
    const place: ChallengePlace = { purpose: 'enroll', browserId, userId };
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

  async spendNew(unit: Unit, proof: NewPasskeyProof, now: EpochSeconds): Promise<boolean> {
    return this.challenges.spend(unit, proof.challenge, now);
  }
}

function placeOf(context: RequestContext, purpose: ChallengePlace['purpose'], userId = ''): ChallengePlace {
  return { purpose, browserId: context.browser.id, userId };
}
