import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../../..');

interface Project {
  readonly name: string;
  readonly targets: Readonly<Record<string, { readonly dependsOn?: readonly unknown[] }>>;
}

const read = (path: string): Project => JSON.parse(readFileSync(join(root, path), 'utf8')) as Project;

/** Every project of the workspace except the root. */
const projects = ['apps', 'libs', 'examples']
  .flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}/project.json`))
  .filter((path) => existsSync(join(root, path)))
  .map(read);

describe('the commands of CONTRIBUTING.md', () => {
  it('`npx nx test` runs the tests of every project', () => {
    const [{ projects: named }] = read('project.json').targets['test']?.dependsOn as [{ projects: string[] }];
    expect([...named].sort()).toEqual(
      projects
        .filter(({ targets }) => 'test' in targets)
        .map(({ name }) => name)
        .sort(),
    );
  });

  it('`npx nx test <project> <pattern>` runs only the specs whose path matches the pattern', () => {
    const list = execFileSync(process.execPath, ['scripts/jest.mjs', 'domain', 'kernel/digest', '--listTests'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const paths = list.split('\n').filter((line) => line.endsWith('.ts'));
    expect(paths).toEqual([join(root, 'libs/domain/src/kernel/digest.spec.ts')]);
  });

  it('tests have the timeout of the root configuration, which a project cannot set', () => {
    const shown = execFileSync(process.execPath, ['node_modules/jest/bin/jest.js', '--showConfig'], {
      cwd: root,
      encoding: 'utf8',
    });
    const { globalConfig } = JSON.parse(shown) as { globalConfig: { testTimeout?: number } };
    expect(globalConfig.testTimeout).toBe(120_000);
  });

  it('`npm run test:mutants` can apply all of its mutants', () => {
    const output = execFileSync(process.execPath, ['scripts/mutants.mjs', '--check'], { cwd: root, encoding: 'utf8' });
    expect(output.trim()).toMatch(/^\d{2,} passed, 0 failed$/);
  });
});
