import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AddressList } from '../outbound/address-list.js';
import { createLog } from '../telemetry/log.js';
import { describeSettings, settingsTable, warnAboutDeprecatedNames } from './describe-settings.js';
import * as schema from './setting-schemas.js';
import { defineSettings, parseSettings, setting, type Environment } from './settings.js';

const about = 'What it does.';
const definition = defineSettings({
  host: setting('GATEHOUSE_HOST', schema.text().optional(), { about, defaultText: 'every address' }),
  throttle: setting('GATEHOUSE_THROTTLE', schema.flag().default(true), { about }),
  proxies: setting('GATEHOUSE_PROXIES', schema.addresses().default(AddressList.empty), { about }),
  rate: setting('GATEHOUSE_RATE', schema.rate().default({ count: 10, seconds: 900 }), {
    about,
    deprecatedNames: ['GATEHOUSE_OLD_RATE'],
  }),
  databaseUrl: setting('GATEHOUSE_DATABASE_URL', schema.secretUrl(['postgres://']).optional(), { about }),
  keys: setting('GATEHOUSE_SECRET_KEY', schema.secretKeys().optional(), { about }),
  password: setting('GATEHOUSE_PASSWORD', schema.secretText(), { about, deprecatedNames: ['GATEHOUSE_PASSPHRASE'] }),
});

const folder = mkdtempSync(join(tmpdir(), 'settings-'));
const passwordFile = join(folder, 'password');
writeFileSync(passwordFile, 'hunter2\n');

function load(environment: Environment) {
  const { values, sources } = parseSettings(definition, environment);
  return { ...values, sources };
}

describe('describeSettings', () => {
  const key = 'A'.repeat(43);
  const descriptions = describeSettings(
    definition,
    load({
      GATEHOUSE_THROTTLE: 'no',
      GATEHOUSE_PROXIES: '10.0.0.0/8 fd00::/8',
      GATEHOUSE_OLD_RATE: '5/60',
      GATEHOUSE_DATABASE_URL: 'postgres://me:hunter3@db/g',
      GATEHOUSE_SECRET_KEY: key,
      GATEHOUSE_PASSWORD_FILE: passwordFile,
    }),
  );

  it('returns the values as they are written in the environment, with their sources', () => {
    expect(descriptions.map(({ name, value, source }) => [name, value, source.kind])).toEqual([
      ['GATEHOUSE_HOST', undefined, 'default'],
      ['GATEHOUSE_THROTTLE', 'off', 'environment'],
      ['GATEHOUSE_PROXIES', '10.0.0.0/8,fd00::/8', 'environment'],
      ['GATEHOUSE_RATE', '5/60', 'environment'],
      ['GATEHOUSE_DATABASE_URL', undefined, 'environment'],
      ['GATEHOUSE_SECRET_KEY', undefined, 'environment'],
      ['GATEHOUSE_PASSWORD', undefined, 'file'],
    ]);
  });

  it('contains no secret, only whether one is set', () => {
    const text = JSON.stringify(descriptions);
    for (const secret of ['hunter', key, Buffer.from(key, 'base64').toString('hex')])
      expect(text).not.toContain(secret);
    expect(descriptions.filter(({ secret }) => secret).map(({ isSet }) => isSet)).toEqual([true, true, true]);
    const [, , , , url] = describeSettings(definition, load({ GATEHOUSE_PASSWORD: 'x' }));
    expect(url).toMatchObject({ name: 'GATEHOUSE_DATABASE_URL', secret: true, isSet: false });
  });
});

describe('warnAboutDeprecatedNames', () => {
  function warningsOf(environment: Environment): readonly string[] {
    const lines: string[] = [];
    const log = createLog({ level: 'info', name: 'test', destination: { write: (line) => lines.push(line) } });
    warnAboutDeprecatedNames(definition, load(environment).sources, log);
    return lines.map((line) => {
      const { level, msg } = JSON.parse(line) as { level: string; msg: string };
      return `${level}: ${msg}`;
    });
  }

  it('logs one warning for each deprecated name that is used, which names the present one', () => {
    expect(warningsOf({ GATEHOUSE_OLD_RATE: '5/60', GATEHOUSE_PASSPHRASE_FILE: passwordFile })).toEqual([
      'warn: GATEHOUSE_OLD_RATE is deprecated: use GATEHOUSE_RATE instead',
      'warn: GATEHOUSE_PASSPHRASE_FILE is deprecated: use GATEHOUSE_PASSWORD_FILE instead',
    ]);
  });

  it('logs nothing for present names', () => {
    expect(warningsOf({ GATEHOUSE_RATE: '5/60', GATEHOUSE_PASSWORD: 'hunter2' })).toEqual([]);
  });
});

describe('settingsTable', () => {
  it('has a row for each setting, with its format and default', () => {
    expect(settingsTable(definition).split('\n')).toEqual([
      '| setting | values | default | what it does |',
      '|---|---|---|---|',
      '| `GATEHOUSE_HOST` | text | every address | What it does. |',
      '| `GATEHOUSE_THROTTLE` | on, off | `on` | What it does. |',
      '| `GATEHOUSE_PROXIES` | CIDRs |  | What it does. |',
      '| `GATEHOUSE_RATE` | count/seconds | `10/900` | What it does. |',
      '| `GATEHOUSE_DATABASE_URL` (also `GATEHOUSE_DATABASE_URL_FILE`) | postgres://… |  | What it does. |',
      '| `GATEHOUSE_SECRET_KEY` (also `GATEHOUSE_SECRET_KEY_FILE`) | secret, 32 bytes in base64url; several with commas |  | What it does. |',
      '| `GATEHOUSE_PASSWORD` (also `GATEHOUSE_PASSWORD_FILE`) | secret | required | What it does. |',
    ]);
  });
});
