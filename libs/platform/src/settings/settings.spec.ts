import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as field from './setting-fields.js';
import { defineSettings, namesOf, parseSettings, SettingsError, settingsTable } from './settings.js';

const definition = defineSettings({
  issuer: field.origin('GATEHOUSE_ISSUER', { about: 'Where it is.' }),
  port: field.port('GATEHOUSE_PORT', { about: 'Port.', default: 5000 }),
  count: field.integer('GATEHOUSE_COUNT', { about: 'How many.', min: 1, max: 10, default: 3 }),
  lifetime: field.seconds('GATEHOUSE_LIFETIME', { about: 'How long.', default: 60 }),
  mode: field.choice('GATEHOUSE_MODE', { about: 'How.', among: ['off', 'open'], default: 'off' }),
  throttle: field.flag('GATEHOUSE_THROTTLE', { about: 'Whether.', default: true }),
  proxies: field.addresses('GATEHOUSE_PROXIES', { about: 'Who.' }),
  rate: field.rate('GATEHOUSE_RATE', { about: 'How often.', default: { count: 10, seconds: 900 } }),
  keys: field.secretKeys('GATEHOUSE_SECRET_KEY', { about: 'Keys.' }),
  secret: field.secretText('GATEHOUSE_SECRET', { about: 'Secret.', minBytes: 8 }),
});
const minimal = defineSettings({ must: field.required(field.secretText('GATEHOUSE_MUST', { about: 'Needed.' })) });

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    parseSettings(definition, environment);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe('settings', () => {
  it('are the defaults where nothing, or nothing but space, is set', () => {
    const settings = parseSettings(definition, { GATEHOUSE_PORT: '', GATEHOUSE_COUNT: '  ', PATH: '/bin' });
    expect(settings).toMatchObject({ port: 5000, count: 3, lifetime: 60, mode: 'off', throttle: true });
    expect(settings.issuer).toBeUndefined();
    expect(settings.proxies.size).toBe(0);
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it('are typed and normal where they are set', () => {
    const settings = parseSettings(definition, {
      GATEHOUSE_ISSUER: ' https://ID.example:443/ ',
      GATEHOUSE_MODE: 'Open',
      GATEHOUSE_THROTTLE: '0',
      GATEHOUSE_PROXIES: '10.0.0.0/8, fd00::/8',
      GATEHOUSE_RATE: '5/60',
      GATEHOUSE_SECRET_KEY: `${'A'.repeat(43)},${'B'.repeat(42)}A=`,
    });
    expect(settings).toMatchObject({ issuer: 'https://id.example', mode: 'open', throttle: false });
    expect(settings.rate).toEqual({ count: 5, seconds: 60 });
    expect(settings.proxies.has('10.1.2.3')).toBe(true);
    expect(settings.keys?.map((key) => key.length)).toEqual([32, 32]);
  });

  it('are refused together, a line for each problem', () => {
    expect(
      problemsOf({
        GATEHOUSE_COUNT: '11',
        GATEHOUSE_LIFETIME: '0',
        GATEHOUSE_MODE: 'ajar',
        GATEHOUSE_RATE: '5',
        GATEHOUSE_PROXIES: '10.0.0.0/33',
        GATEHOUSE_ISSUER: 'https://id.example/auth',
      }).map((problem) => problem.split(':')[0]),
    ).toEqual(['ISSUER', 'COUNT', 'LIFETIME', 'MODE', 'PROXIES', 'RATE'].map((name) => `GATEHOUSE_${name}`));
  });

  it.each(['1.5', '-1', '1e1', '0x5', '5 5', '٣'])('take no number written as %s', (text) => {
    expect(problemsOf({ GATEHOUSE_COUNT: text })).toHaveLength(1);
  });

  it('name the nearest setting for an unknown one', () => {
    expect(problemsOf({ GATEHOUSE_ISUER: 'x' })).toEqual([
      'GATEHOUSE_ISUER: is not a setting; the nearest is GATEHOUSE_ISSUER',
    ]);
    expect(() => parseSettings(definition, { GATEHOUSE_OTHER: '1' }, { alsoKnown: ['GATEHOUSE_OTHER'] })).not.toThrow();
  });

  it('are not disturbed by what Kubernetes sets, but say what it is where it takes a name of ours', () => {
    expect(
      problemsOf({
        GATEHOUSE_SERVICE_HOST: '10.0.0.1',
        GATEHOUSE_SERVICE_PORT_HTTP: '80',
        GATEHOUSE_PORT_80_TCP: 'tcp://10.0.0.1:80',
        GATEHOUSE_PORT_80_TCP_ADDR: '10.0.0.1',
        GATEHOUSE_POSTGRES_SERVICE_PORT: '5432',
        GATEHOUSE_POSTGRES_PORT: 'tcp://10.0.0.2:5432',
      }),
    ).toEqual([]);
    expect(problemsOf({ GATEHOUSE_PORT: 'tcp://10.0.0.1:80' })[0]).toContain('was set by Kubernetes');
  });

  it('never repeat a secret', () => {
    const text = problemsOf({
      GATEHOUSE_SECRET: 'hunter2',
      GATEHOUSE_SECRET_KEY: 'hunter3',
      GATEHOUSE_ISSUER: 'https://me:hunter4@id.example',
    }).join('\n');
    expect(text.split('\n')).toHaveLength(3);
    expect(text).not.toContain('hunter');
  });

  it('read a secret from the file that its twin names', () => {
    const folder = mkdtempSync(join(tmpdir(), 'settings-'));
    writeFileSync(join(folder, 'secret'), ' eight or more \n');
    const settings = parseSettings(definition, { GATEHOUSE_SECRET_FILE: join(folder, 'secret') });
    expect(settings.secret).toBe(' eight or more ');
    expect(problemsOf({ GATEHOUSE_SECRET_FILE: join(folder, 'gone') })[0]).toContain('ENOENT');
    expect(problemsOf({ GATEHOUSE_SECRET: '12345678', GATEHOUSE_SECRET_FILE: 'x' })[0]).toContain('set twice');
  });

  it('say what a required one is for', () => {
    expect(() => parseSettings(minimal, {})).toThrow('GATEHOUSE_MUST: is required (or GATEHOUSE_MUST_FILE): Needed.');
  });

  it('check what must hold between them, without what is wrong by itself', () => {
    const seen: unknown[] = [];
    expect(() =>
      parseSettings(
        definition,
        { GATEHOUSE_COUNT: 'x' },
        {
          check: (values, report) => {
            seen.push(values.count, values.port);
            report('GATEHOUSE_PORT', 'does not fit');
          },
        },
      ),
    ).toThrow(/GATEHOUSE_COUNT: [^]*GATEHOUSE_PORT: does not fit/);
    expect(seen).toEqual([undefined, 5000]);
  });

  it('print their table', () => {
    expect(namesOf(minimal)).toEqual(['GATEHOUSE_MUST', 'GATEHOUSE_MUST_FILE']);
    const table = settingsTable(definition);
    expect(table).toContain('| `GATEHOUSE_RATE` | count/seconds | `10/900` | How often. |');
    expect(table).toContain('| `GATEHOUSE_THROTTLE` | on, off | `on` | Whether. |');
  });
});
