import { loadSettings, settingsDefinition } from '../config/settings.js';
import { CurrentSettings } from './current-settings.js';
import {
  editableNames,
  editableSettings,
  effectiveSettings,
  settingProblem,
  type EditableName,
  type StoredTexts,
} from './editable-settings.js';

type Environment = Readonly<Record<string, string>>;

function effective(environment: Environment, stored: StoredTexts, name: EditableName): readonly unknown[] {
  const { values, sources } = effectiveSettings(loadSettings(environment), stored);
  return [values[name], sources[name].kind];
}

function problem(environment: Environment, name: EditableName, value: string): string | undefined {
  return settingProblem(name, value, loadSettings(environment))?.toString();
}

describe('settings that can be changed while the server runs', () => {
  it('are named after their variables', () => {
    const names = editableNames.map((name) => `GATEHOUSE_${editableSettings[name].member.toUpperCase()}`);
    expect(names).toEqual(editableNames.map((name) => settingsDefinition[editableSettings[name].key].name));
  });

  it.each<[Environment, StoredTexts, EditableName, unknown, string]>([
    [{}, {}, 'signUp', 'off', 'default'],
    [{}, { signUp: 'open' }, 'signUp', 'open', 'database'],
    [{ GATEHOUSE_SIGN_UP: 'open' }, {}, 'signUp', 'open', 'environment'],
    // Restricting what the environment allows is possible, and the opposite is not.
    [{ GATEHOUSE_SIGN_UP: 'open' }, { signUp: 'invitation' }, 'signUp', 'invitation', 'database'],
    [{ GATEHOUSE_SIGN_UP: 'off' }, { signUp: 'open' }, 'signUp', 'off', 'environment'],
    [{ GATEHOUSE_SIGN_UP: 'invitation' }, { signUp: 'open' }, 'signUp', 'invitation', 'environment'],
    [{}, { sessionLifetimeSeconds: '31536000' }, 'sessionLifetimeSeconds', 31_536_000, 'database'],
    [
      { GATEHOUSE_SESSION_LIFETIME: '3600' },
      { sessionLifetimeSeconds: '1800' },
      'sessionLifetimeSeconds',
      1800,
      'database',
    ],
    [
      { GATEHOUSE_SESSION_LIFETIME: '3600' },
      { sessionLifetimeSeconds: '7200' },
      'sessionLifetimeSeconds',
      3600,
      'environment',
    ],
    [
      { GATEHOUSE_TRUSTED_BROWSER_LIFETIME: '0' },
      { trustedBrowserLifetimeSeconds: '86400' },
      'trustedBrowserLifetimeSeconds',
      0,
      'environment',
    ],
    // Branding of the environment decides, whatever is stored.
    [{ GATEHOUSE_PRODUCT_NAME: 'Birchwood' }, { productName: 'Other' }, 'productName', 'Birchwood', 'environment'],
    [{}, { productName: 'Other' }, 'productName', 'Other', 'database'],
    [{ GATEHOUSE_LOGO: '/logo.svg' }, {}, 'logo', { path: '/logo.svg' }, 'environment'],
    // A text of a later version, which this one does not accept.
    [{}, { signUp: 'waiting-list' }, 'signUp', 'off', 'default'],
    [{}, { sessionIdleLifetimeSeconds: '1' }, 'sessionIdleLifetimeSeconds', 7 * 86_400, 'default'],
  ])('%j and the stored %j make %s %j from the %s', (environment, stored, name, value, source) => {
    expect(effective(environment, stored, name)).toEqual([value, source]);
  });

  it.each<[EditableName, string, Environment, RegExp | undefined]>([
    ['signUp', 'open', {}, undefined],
    ['signUp', 'OPEN', { GATEHOUSE_SIGN_UP: 'open' }, undefined],
    ['signUp', 'ajar', {}, /^Use off, invitation or open\.$/],
    [
      'signUp',
      'open',
      { GATEHOUSE_SIGN_UP: 'invitation' },
      /^GATEHOUSE_SIGN_UP is set to invitation in the env.*strict/,
    ],
    ['sessionLifetimeSeconds', '300', {}, undefined],
    ['sessionLifetimeSeconds', '299', {}, /^Use a whole number of seconds from 300 to 31,536,000\.$/],
    ['sessionLifetimeSeconds', '31536001', {}, /from 300 to/],
    ['sessionIdleLifetimeSeconds', '3601', { GATEHOUSE_SESSION_IDLE_LIFETIME: '3600' }, /is set to 3600/],
    ['sessionIdleLifetimeSeconds', '3600', { GATEHOUSE_SESSION_IDLE_LIFETIME: '3600' }, undefined],
    ['trustedBrowserLifetimeSeconds', '0', {}, undefined],
    ['trustedBrowserLifetimeSeconds', '-1', {}, /from 0 to/],
    ['productName', 'Birchwood', {}, undefined],
    ['productName', 'a'.repeat(61), {}, /1 to 60 characters/],
    ['productName', '<b>', {}, /without " < > /],
    ['productName', '', {}, /1 to 60 characters/],
    ['productName', '  ', {}, /1 to 60 characters/],
    [
      'productName',
      'Other',
      { GATEHOUSE_PRODUCT_NAME: 'Birchwood' },
      /^GATEHOUSE_PRODUCT_NAME is set.*Remove it there/,
    ],
    ['accent', '#7a1f5c', {}, undefined],
    ['accent', '#ffff00', {}, /dark enough/],
    ['background', 'plain', {}, undefined],
    ['background', 'sunset', {}, /pattern or plain/],
    ['accent', 'red;}', {}, /a hex color/],
    ['supportContact', 'mailto:help@example.com', {}, undefined],
    ['supportContact', 'javascript:alert(1)', {}, /mailto:help@example\.com/],
    ['termsUrl', 'http://example.com', {}, /begins with https/],
    ['logo', '/etc/passwd', {}, /not an image/],
  ])('%s cannot become %.40j in %j unless it is allowed', (name, value, environment, message) => {
    const found = problem(environment, name, value);
    if (message === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(message);
  });

  it('are replaced at once, and listeners learn of each change, but not of the same values', () => {
    const settings = new CurrentSettings(loadSettings({}));
    let changes = 0;
    settings.onChange(() => changes++);
    settings.use({ productName: 'Birchwood' });
    settings.use({ productName: 'Birchwood' });
    expect([settings.current().productName, settings.sources.productName.kind, changes]).toEqual([
      'Birchwood',
      'database',
      1,
    ]);
    settings.use({});
    expect([settings.current().productName, changes]).toEqual(['Gatehouse', 2]);
    expect(Object.isFrozen(settings.current())).toBe(true);
  });
});
