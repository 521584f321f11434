import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AddressList } from '../outbound/address-list.js';
import * as schema from './setting-schemas.js';
import { defineSettings, namesOf, parseSettings, setting, SettingsError } from './settings.js';

const about = 'What it does.';
const definition = defineSettings({
  issuer: setting('GATEHOUSE_ISSUER', schema.origin().optional(), { about }),
  port: setting('GATEHOUSE_PORT', schema.port().default(5000), { about }),
  count: setting('GATEHOUSE_COUNT', schema.integer({ min: 1, max: 10 }).default(3), { about }),
  lifetime: setting('GATEHOUSE_LIFETIME', schema.seconds().default(60), {
    about,
    deprecatedNames: ['GATEHOUSE_MAX_AGE', 'GATEHOUSE_TTL'],
  }),
  mode: setting('GATEHOUSE_MODE', schema.choice(['off', 'open']).default('off'), { about }),
  throttle: setting('GATEHOUSE_THROTTLE', schema.flag().default(true), { about }),
  proxies: setting('GATEHOUSE_PROXIES', schema.addresses().default(AddressList.empty), { about }),
  rate: setting('GATEHOUSE_RATE', schema.rate().default({ count: 10, seconds: 900 }), { about }),
  keys: setting('GATEHOUSE_SECRET_KEY', schema.secretKeys().optional(), { about }),
  secret: setting('GATEHOUSE_SECRET', schema.secretText({ minBytes: 8 }).optional(), {
    about,
    deprecatedNames: ['GATEHOUSE_PASSPHRASE'],
  }),
});
const minimal = defineSettings({ must: setting('GATEHOUSE_MUST', schema.secretText(), { about: 'Needed.' }) });

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    parseSettings(definition, environment);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

function secretFile(content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'settings-')), 'secret');
  writeFileSync(path, content);
  return path;
}

describe('parseSettings', () => {
  it('uses the defaults for variables that are unset, empty or blank', () => {
    const { values } = parseSettings(definition, { GATEHOUSE_PORT: '', GATEHOUSE_COUNT: '  ', PATH: '/bin' });
    expect(values).toMatchObject({ port: 5000, count: 3, lifetime: 60, mode: 'off', throttle: true });
    expect(values.rate).toEqual({ count: 10, seconds: 900 });
    expect(values.issuer).toBeUndefined();
    expect(values.proxies.size).toBe(0);
    expect(Object.isFrozen(values)).toBe(true);
  });

  it('returns typed, normalized values', () => {
    const { values } = parseSettings(definition, {
      GATEHOUSE_ISSUER: ' https://ID.example:443/ ',
      GATEHOUSE_MODE: 'Open',
      GATEHOUSE_THROTTLE: '0',
      GATEHOUSE_PROXIES: '10.0.0.0/8, fd00::/8',
      GATEHOUSE_RATE: '5/60',
      GATEHOUSE_SECRET_KEY: `${'A'.repeat(43)},${'B'.repeat(42)}A=`,
    });
    expect(values).toMatchObject({ issuer: 'https://id.example', mode: 'open', throttle: false });
    expect(values.rate).toEqual({ count: 5, seconds: 60 });
    expect(values.proxies.has('10.1.2.3')).toBe(true);
    expect(values.keys?.map((key) => key.length)).toEqual([32, 32]);
  });

  it('reports all problems in one error, one line per setting', () => {
    expect(
      problemsOf({
        GATEHOUSE_COUNT: '11',
        GATEHOUSE_LIFETIME: '0',
        GATEHOUSE_MODE: 'ajar',
        GATEHOUSE_RATE: '5',
        GATEHOUSE_PROXIES: '10.0.0.0/33',
        GATEHOUSE_ISSUER: 'ftp://me@id.example/auth?x',
      }),
    ).toEqual([
      'GATEHOUSE_ISSUER: "ftp://…@id.example/auth?x" must begin with https:// or http://',
      'GATEHOUSE_COUNT: "11" must be a whole number from 1 to 10',
      'GATEHOUSE_LIFETIME: "0" must be a whole number from 1 to 315360000',
      'GATEHOUSE_MODE: "ajar" must be one of off, open',
      'GATEHOUSE_PROXIES: "10.0.0.0/33" is not a list of networks such as 10.0.0.0/8,fd00::/8',
      'GATEHOUSE_RATE: "5" must have the form count/seconds',
    ]);
  });

  it('suggests the nearest setting for an unknown name', () => {
    expect(problemsOf({ GATEHOUSE_ISUER: 'x', GATEHOUSE_MAX_AG: '1' })).toEqual([
      'GATEHOUSE_ISUER: is not a setting; the nearest is GATEHOUSE_ISSUER',
      // not GATEHOUSE_MAX_AGE, which is deprecated
      'GATEHOUSE_MAX_AG: is not a setting; the nearest is GATEHOUSE_MODE',
    ]);
    expect(() => parseSettings(definition, { GATEHOUSE_OTHER: '1' }, { alsoKnown: ['GATEHOUSE_OTHER'] })).not.toThrow();
  });

  it('ignores the service variables of Kubernetes, and explains one that has the name of a setting', () => {
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

  it('does not quote secrets in messages', () => {
    const text = problemsOf({
      GATEHOUSE_SECRET_FILE: secretFile('hunter2'),
      GATEHOUSE_SECRET_KEY: 'hunter3',
      GATEHOUSE_ISSUER: 'https://me:hunter4@id.example',
    }).join('\n');
    expect(text.split('\n')).toHaveLength(3);
    expect(text).not.toContain('hunter');
  });

  it('does not quote a secret that is in the wrong variable, or a password with a slash', () => {
    const text = problemsOf({ GATEHOUSE_SECRET_FILE: 'hunter2', GATEHOUSE_ISSUER: 'https://me:hun/ter4@id.example' });
    expect(text).toHaveLength(2);
    expect(text.join()).not.toMatch(/hunter2|hun\/ter4/);
    expect(text.join()).toContain('give the path of a file');
  });

  it.each([
    ['sec/ret', 'the file'],
    ['https://user:secret@vault.example/key', 'the file'],
    ['/secrets/https://vault.example', 'the file'],
    ['./secrets/gone', 'the file "./secrets/gone"'],
    ['../secrets/gone', 'the file "../secrets/gone"'],
  ])('quotes of a _FILE variable only what is a path: %s', (given, file) => {
    expect(problemsOf({ GATEHOUSE_SECRET_FILE: given })).toEqual([
      `GATEHOUSE_SECRET_FILE: ${file} cannot be read (ENOENT); give the path of a file`,
    ]);
  });

  it('rejects an empty secret file: the secret may be mounted later', () => {
    const path = secretFile('');
    expect(problemsOf({ GATEHOUSE_SECRET_FILE: path })).toEqual([`GATEHOUSE_SECRET_FILE: the file "${path}" is empty`]);
    expect(problemsOf({ GATEHOUSE_SECRET_FILE: secretFile('\n') })).toHaveLength(1);
  });

  it('reads a secret from the file that the _FILE variable names', () => {
    const path = secretFile(' eight or more \n');
    expect(parseSettings(definition, { GATEHOUSE_SECRET_FILE: path }).values.secret).toBe(' eight or more ');
    expect(problemsOf({ GATEHOUSE_SECRET_FILE: `${path}.gone` })).toEqual([
      `GATEHOUSE_SECRET_FILE: the file "${path}.gone" cannot be read (ENOENT); give the path of a file`,
    ]);
    expect(problemsOf({ GATEHOUSE_SECRET: '12345678', GATEHOUSE_SECRET_FILE: 'x' })).toEqual([
      'GATEHOUSE_SECRET: is set twice, by GATEHOUSE_SECRET and by GATEHOUSE_SECRET_FILE; remove one of them',
    ]);
  });

  it('says what a required setting is for', () => {
    expect(() => parseSettings(minimal, {})).toThrow('GATEHOUSE_MUST: is required (or GATEHOUSE_MUST_FILE): Needed.');
    expect(namesOf(minimal)).toEqual(['GATEHOUSE_MUST', 'GATEHOUSE_MUST_FILE']);
  });

  it('checks combinations of settings, without the values that are invalid by themselves', () => {
    const seen: unknown[] = [];
    expect(() =>
      parseSettings(
        definition,
        { GATEHOUSE_COUNT: 'x' },
        {
          check: (values, report) => {
            seen.push(values.count, values.port);
            report('GATEHOUSE_PORT', 'does not fit');
            report('GATEHOUSE_COUNT', 'is reported once');
          },
        },
      ),
    ).toThrow(/GATEHOUSE_COUNT: "x" must be [^\n]*\n {2}GATEHOUSE_PORT: does not fit$/);
    expect(seen).toEqual([undefined, 5000]);
  });

  it('returns the source of each value', () => {
    const { sources } = parseSettings(definition, {
      GATEHOUSE_PORT: '5000',
      GATEHOUSE_COUNT: ' ',
      GATEHOUSE_SECRET_FILE: secretFile('from a file'),
    });
    expect(Object.keys(sources)).toEqual(Object.keys(definition));
    expect(sources).toMatchObject({
      port: { kind: 'environment', variable: 'GATEHOUSE_PORT' },
      count: { kind: 'default' },
      lifetime: { kind: 'default' },
      secret: { kind: 'file', variable: 'GATEHOUSE_SECRET_FILE' },
    });
  });

  describe('deprecated names', () => {
    it('are read, and the value is checked like that of the present name', () => {
      const { values, sources } = parseSettings(definition, { GATEHOUSE_MAX_AGE: '90' });
      expect(values.lifetime).toBe(90);
      expect(sources.lifetime).toEqual({ kind: 'environment', variable: 'GATEHOUSE_MAX_AGE' });
      expect(parseSettings(definition, { GATEHOUSE_TTL: '91' }).values.lifetime).toBe(91);
      expect(problemsOf({ GATEHOUSE_TTL: 'soon' })).toEqual([
        'GATEHOUSE_TTL: "soon" must be a whole number from 1 to 315360000',
      ]);
    });

    it('of secrets have a _FILE variable too', () => {
      const { values, sources } = parseSettings(definition, {
        GATEHOUSE_PASSPHRASE_FILE: secretFile('eight or more\n'),
      });
      expect(values.secret).toBe('eight or more');
      expect(sources.secret).toEqual({ kind: 'file', variable: 'GATEHOUSE_PASSPHRASE_FILE' });
    });

    it('are rejected beside the present name or one another', () => {
      expect(problemsOf({ GATEHOUSE_LIFETIME: '60', GATEHOUSE_MAX_AGE: '60' })).toEqual([
        'GATEHOUSE_LIFETIME: is set twice, by GATEHOUSE_LIFETIME and by GATEHOUSE_MAX_AGE; remove GATEHOUSE_MAX_AGE, which is deprecated',
      ]);
      expect(problemsOf({ GATEHOUSE_TTL: '60', GATEHOUSE_MAX_AGE: '60' })).toHaveLength(1);
      expect(problemsOf({ GATEHOUSE_SECRET: '12345678', GATEHOUSE_PASSPHRASE_FILE: 'x' })).toHaveLength(1);
      expect(problemsOf({ GATEHOUSE_LIFETIME: '60', GATEHOUSE_MAX_AGE: '' })).toEqual([]);
    });
  });
});
