import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = join(__dirname, '../../..');

// These tests run compilers, in parallel with other tests.
jest.setTimeout(600_000);

function run(folder: string, ...words: readonly string[]): string {
  return execFileSync(process.execPath, words, { cwd: folder, encoding: 'utf8' });
}

/** Runs a script that imports a module of `scripts/lib`, which are ES modules in JavaScript. */
function runWith(folder: string, module: string, names: string, script: string): string {
  const address = pathToFileURL(join(folder, 'scripts/lib', module)).href;
  return run(folder, '--input-type=module', '--eval', `import { ${names} } from '${address}'; ${script}`);
}

describe('development', () => {
  /** A copy, because other tests run in the checkout. */
  let copy: string;
  beforeAll(() => {
    copy = realpathSync(mkdtempSync(join(tmpdir(), 'gatehouse-development-')));
    runWith(root, 'working-copy.mjs', 'copyCheckout', `copyCheckout(${JSON.stringify(copy)})`);
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it('`nx serve` shows edits of controllers, views and libraries in both applications', () => {
    const shown = run(root, 'bench/serve.mjs', '--once').trim().split('\n');
    expect(shown.map((line) => line.replace(/: .*/, ''))).toEqual([
      'provider, controller',
      'provider, view',
      'provider, shared library',
      'provider, domain library',
      'client, controller',
      'client, view',
      'client, shared library',
    ]);
  });

  it('`nx serve` transpiles a file to the output of the compiler', () => {
    const output = join(copy, 'libs/resource-server/dist/resource-server.js');
    const both = (): string[] => [output, `${output}.map`].map((path) => readFileSync(path, 'utf8'));
    run(copy, 'scripts/build.mjs', 'libs/resource-server');
    const compiled = both();
    writeFileSync(output, '');
    const source = 'libs/resource-server/src/resource-server.ts';
    runWith(copy, 'transpile.mjs', 'transpileChanged', `transpileChanged(['${source}'])`);
    expect(both()).toEqual(compiled);
  });

  describe("Nx's cache", () => {
    const nx = (...words: readonly string[]): string => run(copy, 'node_modules/nx/dist/bin/nx.js', ...words);
    /** @returns the number of restored tasks and of all tasks: `1/1` */
    const restored = (...words: readonly string[]): string | undefined => /Cache:\s+(\d+\/\d+)/.exec(nx(...words))?.[1];

    it('restores a build unchanged', () => {
      const dist = join(copy, 'libs/domain/dist');
      expect(restored('build', 'domain')).toBe('0/1');
      rmSync(join(dist, 'kernel'), { recursive: true });
      writeFileSync(join(dist, 'left-behind.js'), '');
      expect(restored('build', 'domain')).toBe('1/1');
      expect(existsSync(join(dist, 'kernel/index.js'))).toBe(true);
      expect(existsSync(join(dist, 'left-behind.js'))).toBe(false);
    });

    it('builds again after an edit, also of a dependency or of the configuration', () => {
      expect(restored('build', 'resource-server')).toBe('0/1');
      appendFileSync(join(copy, 'libs/domain/src/kernel/index.ts'), '// edited\n');
      expect(restored('build', 'domain')).toBe('0/1');
      expect(restored('build', 'resource-server')).toBe('1/1');
      appendFileSync(join(copy, 'tsconfig.base.json'), '\n');
      expect(restored('build', 'domain')).toBe('0/1');
      expect(restored('build', 'resource-server')).toBe('0/1');
    });

    it('does not restore the output of a deleted source', () => {
      const source = join(copy, 'libs/resource-server/src/added.ts');
      const output = join(copy, 'libs/resource-server/dist/added.js');
      writeFileSync(source, 'export const added = true;\n');
      nx('build', 'resource-server');
      expect(existsSync(output)).toBe(true);
      unlinkSync(source);
      appendFileSync(join(copy, 'libs/resource-server/src/access.ts'), '// edited\n');
      expect(restored('build', 'resource-server')).toBe('0/1');
      expect(existsSync(output)).toBe(false);
    });

    it('runs tests and lint of libraries again when a configuration changes', () => {
      const test = ['test', 'domain', 'kernel/digest'];
      expect(restored(...test)).toBe('0/1');
      expect(restored(...test)).toBe('1/1');
      appendFileSync(join(copy, 'jest.preset.ts'), '// edited\n');
      expect(restored(...test)).toBe('0/1');

      const lint = ['lint', 'resource-server'];
      expect(restored(...lint)).toBe('0/1');
      expect(restored(...lint)).toBe('1/1');
      appendFileSync(join(copy, 'eslint.config.js'), '// edited\n');
      expect(restored(...lint)).toBe('0/1');
    });

    it('is not used for the tests of applications, which read the whole checkout', () => {
      for (const project of ['provider', 'client', 'e2e', 'mcp-server']) {
        const shown = JSON.parse(nx('show', 'project', project, '--json')) as {
          targets: { test: { cache?: boolean } };
        };
        expect([project, shown.targets.test.cache ?? false]).toEqual([project, false]);
      }
    });
  });
});
