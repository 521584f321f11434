import { readFileSync } from 'node:fs';

/** The version of this server. */
export const version = readVersion();

function readVersion(): string {
  const { version: read } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  return read;
}
