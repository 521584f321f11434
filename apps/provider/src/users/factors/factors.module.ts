import { Inject, Module } from '@nestjs/common';
import { ReplayModule } from '../../replay/replay.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { SecondFactorLookup } from '../second-factor-lookup.js';
import { UsersModule } from '../users.module.js';
import { PasskeyCeremonies } from './passkey-ceremonies.service.js';
import { Challenges } from './challenges.service.js';
import { Enrolment } from './enrolment.service.js';
import { AddAuthenticatorApp } from './operations/add-authenticator-app.js';
import { AddPasskey } from './operations/add-passkey.js';
import { EndTrustedBrowser } from './operations/end-trusted-browser.js';
import { MakeRecoveryCodes } from './operations/make-recovery-codes.js';
import { RemoveSecondFactor } from './operations/remove-second-factor.js';
import { RenamePasskey } from './operations/rename-passkey.js';
import { ResetSecondFactors } from './operations/reset-second-factors.js';
import { Factors } from './factors.service.js';
import { FactorsController } from './factors.controller.js';
import { PasskeysController } from './passkeys.controller.js';
import { Passkeys } from './passkeys.service.js';
import { RecoveryCodes } from './recovery-codes.service.js';
import { SecondFactors } from './second-factor.service.js';
import { TotpOffers } from './totp-offers.service.js';
import { TotpFactors } from './totp.service.js';
import { TrustedBrowsers } from './trusted-browsers.service.js';
import { UserFactorsController } from './user-factors.controller.js';

/**
 * Owns: second factors (authenticator apps, passkeys, recovery codes) and trusted browsers, which skip them.
 * Pages: /account/factors, /account/passkeys, and for administrators /user/factors.
 * Invariant: a code, a challenge and a counter are consumed by one conditional statement; seeds are encrypted, codes hashed.
 * Must not know: which client or request requires a factor.
 */
@Module({
  imports: [ReplayModule, UsersModule, SessionsModule],
  controllers: [FactorsController, PasskeysController, UserFactorsController],
  providers: [
    PasskeyCeremonies,
    Challenges,
    Enrolment,
    AddAuthenticatorApp,
    AddPasskey,
    RenamePasskey,
    RemoveSecondFactor,
    MakeRecoveryCodes,
    EndTrustedBrowser,
    ResetSecondFactors,
    Factors,
    Passkeys,
    RecoveryCodes,
    SecondFactors,
    TotpFactors,
    TotpOffers,
    TrustedBrowsers,
  ],
  exports: [PasskeyCeremonies, Factors, RecoveryCodes, SecondFactors, TotpOffers, TrustedBrowsers],
})
export class FactorsModule {
  constructor(@Inject(SecondFactorLookup) lookup: SecondFactorLookup, @Inject(Factors) factors: Factors) {
    lookup.setSource(factors);
  }
}
