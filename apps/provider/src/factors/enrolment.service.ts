import { Inject, Injectable } from '@nestjs/common';
import type { AuthenticationMethod } from '@gatehouse/domain/oauth';
import { Keyring } from '@gatehouse/server/secrets/keyring';
import { Store, type Unit } from '@gatehouse/server/database/store';
import type { SetCookie } from '@gatehouse/server/web/reply';
import { AuditService } from '../audit/audit.service.js';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { User } from '../users/user.js';
import { SecurityNotices } from '../users/security-notices.service.js';
import { UsersService } from '../users/users.service.js';
import { Ceremonies } from './ceremonies.service.js';
import { Factors } from './factors.service.js';
import { mostNameCharacters, Passkeys } from './passkeys.service.js';
import { RecoveryCodes } from './recovery-codes.service.js';
import { SecondFactors, type SessionVisit } from './second-factor.service.js';
import { groupedSeed, keyUri, matchStep, newSeed, plainCode, qrImage } from './totp.js';
import { TotpFactors } from './totp.service.js';

/** How long a QR code may be looked at before its seed is another one. */
const offerSeconds = 3600;

/** What the page shows that adds an authenticator app. */
export interface TotpOffer {
  /** The seed, sealed for this person: it comes back with the form, nothing is stored until a code confirms it. */
  readonly sealed: string;
  readonly seed: string;
  readonly uri: string;
  /** `data:` address of an SVG. */
  readonly qr: string;
}

export type Enrolled = {
  readonly kind: 'added';
  readonly cookies: readonly SetCookie[];
  /** Made with the first factor, and shown this once. */
  readonly codes: readonly string[] | undefined;
};

export type TotpEnrolment = Enrolled | { readonly kind: 'wrong' | 'expired' | 'exists' | 'ended' };
export type PasskeyEnrolment = Enrolled | { readonly kind: 'refused' | 'taken' | 'ended' };

/** Thrown inside a unit: a factor must not outlive the session that added it by a moment. */
class SessionEnded extends Error {}

/** Adds second factors. With the first one, and where none is left, come recovery codes; sessions that rest on a password alone owe it. */
@Injectable()
export class Enrolment {
  private readonly label: string;

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Keyring) private readonly keyring: Keyring,
    @Inject(SETTINGS) settings: Settings,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(TotpFactors) private readonly totp: TotpFactors,
    @Inject(Passkeys) private readonly passkeys: Passkeys,
    @Inject(RecoveryCodes) private readonly codes: RecoveryCodes,
    @Inject(Ceremonies) private readonly ceremonies: Ceremonies,
    @Inject(Factors) private readonly all: Factors,
    @Inject(SecondFactors) private readonly factors: SecondFactors,
    @Inject(AuditService) private readonly audit: AuditService,
    @Inject(SecurityNotices) private readonly notices: SecurityNotices,
  ) {
    this.label = `${settings.productName} (${new URL(settings.issuer).hostname})`;
  }

  /** @param sealed of the offer that a wrong code was typed for: the app has it already, so it stays */
  async offerTotp(visit: SessionVisit, user: User, sealed?: string): Promise<TotpOffer> {
    const kept = sealed === undefined ? undefined : this.openOffer(visit, user, sealed);
    const seed = kept ?? newSeed();
    const uri = keyUri(seed, { issuer: this.label, username: user.username });
    return {
      sealed: kept === undefined || sealed === undefined ? this.sealOffer(visit, user, seed) : sealed,
      seed: groupedSeed(seed),
      uri,
      qr: await qrImage(uri),
    };
  }

  /** Adds the app whose code shows that it has the seed. */
  async addTotp(visit: SessionVisit, user: User, typed: { sealed: string; code: string }): Promise<TotpEnrolment> {
    const seed = this.openOffer(visit, user, typed.sealed);
    if (seed === undefined) return { kind: 'expired' };
    const step = matchStep(seed, plainCode(typed.code), visit.now);
    if (step === undefined) return { kind: 'wrong' };
    return this.unlessEnded(async (unit) => {
      const hadOne = await this.begin(unit, user.id);
      if (!(await this.totp.add(unit, user.id, { seed, step }, visit.now))) return { kind: 'exists' };
      return this.finish(unit, visit, { user, methods: ['otp'], factor: 'totp', isFirst: !hadOne });
    });
  }

  /** Adds a passkey. @param name as typed; one is made up where it is empty */
  async addPasskey(
    visit: SessionVisit,
    user: User,
    typed: { readonly attestation: string; readonly name: string },
  ): Promise<PasskeyEnrolment> {
    const proof = await this.ceremonies.verifyNew(visit, user, typed.attestation);
    if (!proof) return { kind: 'refused' };
    return this.unlessEnded(async (unit) => {
      const hadOne = await this.begin(unit, user.id);
      if (!(await this.ceremonies.spendNew(unit, proof, visit.now))) return { kind: 'refused' };
      const name =
        typed.name.trim().slice(0, mostNameCharacters) ||
        `Passkey of ${new Date(visit.now * 1000).toISOString().slice(0, 10)}`;
      const id = await this.passkeys.add(unit, { ...proof.passkey, name }, visit.now);
      if (id === undefined) return { kind: 'taken' };
      const methods = proof.userVerified ? (['pop', 'user', 'mfa'] as const) : (['pop', 'user'] as const);
      return this.finish(unit, visit, { user, methods, factor: id, isFirst: !hadOne });
    });
  }

  /** Makes new recovery codes in place of the old ones. */
  async renewCodes(visit: SessionVisit): Promise<readonly string[]> {
    const { userId } = visit.session;
    return this.store.run(async (unit) => {
      await this.audit.record(unit, { type: 'factor.codes_made', ...trailOf(visit), subjectId: userId });
      await this.notices.tell(unit, userId, 'codes made', visit.now);
      return this.codes.make(unit, userId, visit.now);
    });
  }

  /** Runs a unit that is undone where its session ended meanwhile. */
  private async unlessEnded<T>(work: (unit: Unit) => Promise<T>): Promise<T | { readonly kind: 'ended' }> {
    try {
      return await this.store.run(work);
    } catch (error) {
      if (error instanceof SessionEnded) return { kind: 'ended' };
      throw error;
    }
  }

  /** Holds the account, so that a login at the same moment is either before the factor or asked for it. */
  private async begin(unit: Unit, userId: string): Promise<boolean> {
    await this.users.lock(unit, userId);
    return this.all.hasAnyIn(unit, userId);
  }

  private async finish(
    unit: Unit,
    visit: SessionVisit,
    added: {
      readonly user: User;
      readonly methods: readonly AuthenticationMethod[];
      readonly factor: string;
      readonly isFirst: boolean;
    },
  ): Promise<Enrolled> {
    const { user } = added;
    const cookies = await this.factors.complete(unit, visit, added.methods);
    if (!cookies) throw new SessionEnded();
    await this.sessions.demoteOthers(unit, user.id, visit.session.id);
    const hasCodes = !added.isFirst && (await this.codes.countLeftIn(unit, user.id)) > 0;
    const codes = hasCodes ? undefined : await this.codes.make(unit, user.id, visit.now);
    await this.audit.record(unit, {
      type: 'factor.added',
      ...trailOf(visit),
      subjectId: user.id,
      details: { factor: added.factor },
    });
    await this.notices.tell(unit, user.id, 'factor added', visit.now);
    return { kind: 'added', cookies, codes };
  }

  private sealOffer(visit: SessionVisit, user: User, seed: string): string {
    return this.keyring.seal(offerPlace(user), JSON.stringify({ seed, at: visit.now }));
  }

  private openOffer(visit: SessionVisit, user: User, sealed: string): string | undefined {
    if (sealed.length > 500) return undefined;
    try {
      const { seed, at } = JSON.parse(this.keyring.open(offerPlace(user), sealed).toString('utf8')) as {
        seed: string;
        at: number;
      };
      return at + offerSeconds > visit.now ? seed : undefined;
    } catch {
      return undefined; // forged, somebody else's, or sealed with a key that is gone
    }
  }
}

function offerPlace(user: User): string {
  return `totp_factors.offer:${user.id}`;
}

function trailOf(visit: SessionVisit): { actorId: string; address: string; requestId: string } {
  return { actorId: visit.session.userId, address: visit.address, requestId: visit.requestId };
}
