import fc from 'fast-check';
import { contextsOf } from './authentication-context.js';
import { nextStep } from './next-step.js';
import { inputOf, mfa, none, reasonOf, situations } from '../../test/next-step.fixture.js';

describe('nextStep, in any situation,', () => {
  it('shows no page to prompt=none', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        expect(nextStep(inputOf({ ...situation, prompt: none })).kind).toMatch(/^(answer|deny)$/);
      }),
    );
  });

  it('tells a client that the person allowed nothing no more about them than if nobody were here', () => {
    fc.assert(
      fc.property(situations, (drawn) => {
        const { consented: _consented, consentFree: _free, ...situation } = drawn;
        const { authTime: _authTime, ...absent } = situation;
        const asksAboutPerson =
          situation.hinted !== undefined ||
          situation.otherSubject !== undefined ||
          situation.maxAge !== undefined ||
          situation.clientDemands === true ||
          (situation.acrValues ?? []).some((value) => value !== 'other');
        if (asksAboutPerson) expect(reasonOf(situation)).toBe(reasonOf(absent));
        else expect(reasonOf(situation)).toMatch(/^(login_required: Nobody is logged in|consent_required: )/);
      }),
      { numRuns: 2000 },
    );
  });

  it('answers only a full session of a living account, whose consent covers the scope where it must', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        if (nextStep(inputOf(situation)).kind !== 'answer') return;
        const { session, account, consent, client, request } = inputOf(situation);
        expect(session?.full).toBe(true);
        expect(account?.secondFactorMissing).toBe(false);
        const met: readonly string[] = contextsOf(session?.amr ?? []);
        if (client.secondFactorRequired) expect(met).toContain(mfa);
        const asked = (request.acrValues ?? []).filter((value) => value !== 'other');
        if (asked.length > 0) expect(asked.some((value) => met.includes(value))).toBe(true);
        if (!client.consentRequired) return;
        expect(consent?.scope).toEqual(expect.arrayContaining([...request.scope]));
        expect(consent?.claims ?? []).toEqual(expect.arrayContaining([...(situation.claims ?? [])]));
      }),
      { numRuns: 2000 },
    );
  });

  it('ends: completing each page leads to a response or a denial within three or four pages', () => {
    fc.assert(
      fc.property(situations, (start) => {
        let situation = start;
        const steps: string[] = [];
        for (let page = 0; page < 5; page++) {
          const step = nextStep(inputOf(situation));
          steps.push(step.kind);
          if (step.kind === 'answer' || step.kind === 'deny') return;
          const { gone: _gone, partial, factorOwed, ...rest } = situation;
          const owed = partial || factorOwed;
          if (step.kind === 'login')
            situation = { ...rest, authTime: 1010, loggedInAt: 1010, amr: ['pwd'], ...(owed ? { partial: owed } : {}) };
          else if (step.kind === 'second-factor')
            situation = { ...rest, authTime: 1010, amr: [...(rest.amr ?? ['pwd']), 'pop', 'mfa'] };
          else
            situation = {
              ...situation,
              consentedAt: 1010,
              consented: inputOf(situation).request.scope,
              claimsConsented: situation.claims ?? [],
            };
        }
        throw new Error(`no end: ${steps.join(' ')}`);
      }),
      { numRuns: 2000 },
    );
  });
});
