import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFilesProblem } from '@gatehouse/platform/start-program';
import { buildProvider } from '../support/processes';

jest.setTimeout(120_000);

const programs = join(__dirname, '../../dist');

describe('where too few files may be open', () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-files-'));
    await buildProvider();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function startWith(limit: number, words: readonly string[]): Promise<{ code: unknown; stderr: string }> {
    const child = spawn('sh', ['-c', `ulimit -n ${limit}; exec "$@"`, 'sh', process.execPath, ...words], {
      env: {
        PATH: process.env['PATH'],
        GATEHOUSE_DATABASE_URL: `sqlite:${join(folder, 'provider.sqlite')}`,
        GATEHOUSE_PORT: '0',
        GATEHOUSE_ISSUER: 'http://127.0.0.1:1',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code] = (await once(child, 'close')) as [unknown];
    return { code, stderr };
  }

  it.each([
    ['the provider', 20, ['main.js']],
    ['the provider', 32, ['main.js']],
    ['a command', 24, ['cli/main.js', 'keys', 'list']],
  ])('%s says in one line what to raise, and ends (%d files)', async (_what, limit, [program = '', ...words]) => {
    const { code, stderr } = await startWith(limit, [join(programs, program), ...words]);
    expect(stderr).toBe(
      'too many open files: raise the limit of this process (ulimit -n 65536; LimitNOFILE=65536 in a systemd unit)\n',
    );
    expect(code).toBe(1);
  });

  it('is found in what a library wrapped, and in nothing else', () => {
    const limit = Object.assign(new Error('EMFILE: too many open files, open'), { code: 'EMFILE' });
    const machine = Object.assign(new Error('accept'), { code: 'ENFILE' });
    expect(openFilesProblem(new Error('cannot start', { cause: limit }))).toContain('ulimit -n');
    expect(openFilesProblem(new Error('spawn /usr/bin/node EMFILE'))).toContain('ulimit -n');
    expect(openFilesProblem(machine)).toContain('fs.file-max');
    expect(openFilesProblem(new Error('no such FILE'))).toBeUndefined();
    expect(openFilesProblem('EMFILE')).toBeUndefined();
  });
});
