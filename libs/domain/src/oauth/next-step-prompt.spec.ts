import { nextStep } from './next-step.js';
import { arrived, inputOf, known, mfa, reasonOf, told, type Situation } from '../../test/next-step.fixture.js';

describe('nextStep and prompt (OpenID Connect Core 3.1.2.1)', () => {
  it.each<[string, Situation, string]>([
    ['prompt=login, and nobody is here', { prompt: ['login'] }, 'login'],
    ['prompt=login, and an old session', { ...known, prompt: ['login'] }, 'login'],
    [
      'prompt=login, and a login in the second in which the request came',
      { ...known, authTime: arrived, prompt: ['login'] },
      'login',
    ],
    [
      'prompt=login, and the login of this request in that second',
      { ...known, authTime: arrived, loggedInAt: arrived, prompt: ['login'] },
      'answer',
    ],
    [
      'prompt=login, and the login of this request',
      { ...known, authTime: 1005, loggedInAt: 1005, prompt: ['login'] },
      'answer',
    ],
    ['prompt=login, and a later login in another tab', { ...known, authTime: 1005, prompt: ['login'] }, 'answer'],
    [
      'prompt=login, and the second factor came after the password',
      { ...known, authTime: 1008, loggedInAt: 1005, prompt: ['login'] },
      'answer',
    ],
    [
      'prompt=login, and the password was right and a factor is owed',
      { ...known, authTime: 1005, loggedInAt: 1005, partial: true, prompt: ['login'] },
      'second-factor',
    ],
    ['prompt=login with max_age kept', { ...known, prompt: ['login'], maxAge: 9999 }, 'login'],
    ['prompt=select_account asks for a choice', { ...known, prompt: ['select_account'] }, 'login'],
    [
      'prompt=select_account, even of a login in another tab since',
      { ...known, authTime: 1005, prompt: ['select_account'] },
      'login',
    ],
    ['prompt=select_account, and the choice', { ...known, selectedAt: 1005, prompt: ['select_account'] }, 'answer'],
    [
      'prompt=select_account, and a choice from before this login, which may be another person',
      { ...known, authTime: 1006, selectedAt: 1005, prompt: ['select_account'] },
      'login',
    ],
    [
      'prompt="login select_account": a choice is no fresh login',
      { ...known, selectedAt: 1005, prompt: ['login', 'select_account'] },
      'login',
    ],
    [
      'prompt=select_account with max_age passed: a choice is no fresh login',
      { ...known, selectedAt: 1005, maxAge: 60, prompt: ['select_account'] },
      'login',
    ],
    [
      'prompt=select_account, and the login of this request',
      { ...known, authTime: 1005, loggedInAt: 1005, prompt: ['select_account'] },
      'answer',
    ],
    ['prompt=consent, and nobody is here', { prompt: ['consent'] }, 'login'],
    ['prompt=consent asks for all again', { ...known, prompt: ['consent'] }, 'consent openid profile'],
    ['prompt=consent, and the yes to this request', { ...known, consentedAt: 1005, prompt: ['consent'] }, 'answer'],
    [
      'prompt=consent, and a yes that was withdrawn since',
      { authTime: 500, consentedAt: 1005, prompt: ['consent'] },
      'consent openid profile',
    ],
    [
      'prompt=consent, and a yes from before this login, which may be another person',
      { ...known, authTime: 1006, consentedAt: 1005, prompt: ['consent'] },
      'consent openid profile',
    ],
    [
      'prompt=consent of a client that needs none: it asked',
      { ...known, consentFree: true, prompt: ['consent'] },
      'consent openid profile',
    ],
    [
      'prompt=consent of a client that needs none, and the yes',
      { authTime: 500, consentFree: true, consentedAt: 1005, prompt: ['consent'] },
      'answer',
    ],
    ['prompt="login consent", first', { ...known, prompt: ['login', 'consent'] }, 'login'],
    [
      'prompt="login consent", then',
      { ...known, authTime: 1005, loggedInAt: 1005, prompt: ['login', 'consent'] },
      'consent openid profile',
    ],
    [
      'prompt="login consent", at last',
      { ...known, authTime: 1005, loggedInAt: 1005, consentedAt: 1007, prompt: ['login', 'consent'] },
      'answer',
    ],
  ])('%s', (_name, situation, expected) => {
    expect(told(nextStep(inputOf(situation)))).toBe(expected);
  });

  it.each<[string, Situation, string]>([
    ['nobody is here', {}, 'login_required: Nobody is logged in.'],
    ['a second factor is owed', { ...known, partial: true }, 'login_required: Nobody is logged in.'],
    ['a role demands a factor', { ...known, factorOwed: true }, 'login_required: Nobody is logged in.'],
    [
      'a second factor is owed by another person than the hinted one',
      { ...known, partial: true, hinted: 'bob' },
      'login_required: Nobody is logged in.',
    ],
    [
      'acr_values asks for more than there was (RFC 9470 5)',
      { ...known, acrValues: [mfa] },
      'login_required: The user must sign in with a method that acr_values or the client requires.',
    ],
    [
      'the client demands more than there was',
      { ...known, clientDemands: true },
      'login_required: The user must sign in with a method that acr_values or the client requires.',
    ],
    ['the login is too old', { ...known, maxAge: 60 }, 'login_required: The login is older than max_age allows.'],
    ['another person is hinted', { ...known, hinted: 'bob' }, 'login_required: The requested user is not signed in.'],
    ['nothing was allowed yet', { authTime: 500 }, 'consent_required: The user has not given consent to this request.'],
  ])('says to prompt=none what is missing: %s', (_name, situation, expected) => {
    expect(reasonOf(situation)).toBe(expected);
  });
});
