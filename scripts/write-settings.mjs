// Writes the settings tables of the README from the definitions that the applications parse; `--check` only compares them.
import { readFileSync, writeFileSync } from 'node:fs';
import { settingsTable } from '../libs/platform/dist/settings/describe-settings.js';
import { settingsDefinition as client } from '../apps/client/dist/config/settings.js';
import { settingsDefinition as provider } from '../apps/provider/dist/config/settings.js';

const file = new URL('../README.md', import.meta.url);
const before = readFileSync(file, 'utf8');
const clientSettings = Object.fromEntries(
  Object.entries(client).filter(([, setting]) => setting.name.startsWith('GATEHOUSE_CLIENT_')),
);
const text = `### The provider\n\n${settingsTable(provider)}\n\n### The client\n\n${settingsTable(clientSettings)}\n`;
const after = before.replace(
  /(<!-- settings:[^>]*-->\n)[\s\S]*(<!-- \/settings -->)/,
  (_match, open, close) => `${open}\n${text}\n${close}`,
);

if (before === after) process.exit(0);
if (process.argv.includes('--check')) {
  process.stderr.write('the settings in README.md differ from the code; run node scripts/write-settings.mjs\n');
  process.exit(1);
}
writeFileSync(file, after);
