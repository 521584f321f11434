// Checks deploy/ without containers or a cluster: the settings, paths and probes that it names exist. Run it after a build; it
// exits with 1 if it finds a problem. Tools such as docker compose and systemd-analyze are used where they are installed.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { root } from './lib/root.mjs';

const folder = join(root, 'deploy');
const problems = [];
const notes = [];

const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !/secrets$/.test(entry.parentPath) && entry.name !== '.env')
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  .sort();
const text = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
const kubernetes = files.filter((file) => file.startsWith('deploy/kubernetes/'));

await checkSettings();
checkDockerfile('deploy/Dockerfile');
checkProbes();
for (const file of files.filter((name) => /\.ya?ml$/.test(name))) await checkYaml(file);
checkCompose('deploy/compose.yaml');
checkKubernetes();
checkUnit('deploy/gatehouse.service');

for (const note of notes) console.log(`not checked: ${note}`);
for (const problem of problems) console.error(problem);
console.log(`${files.length} files in deploy, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Every GATEHOUSE_ name is a setting, or the `_FILE` variant of a secret. */
async function checkSettings() {
  const { namesOf } = await importBuilt('libs/platform/dist/settings/settings.js');
  const known = new Set();
  for (const application of ['provider', 'client']) {
    const { settingsDefinition } = await importBuilt(`apps/${application}/dist/config/settings.js`);
    for (const name of namesOf(settingsDefinition)) known.add(name);
  }
  for (const [file, content] of text)
    for (const [name] of content.matchAll(/\bGATEHOUSE_[A-Z0-9_]+/g))
      if (!known.has(name)) problems.push(`${file}: there is no setting ${name}`);
}

async function importBuilt(path) {
  if (existsSync(join(root, path))) return import(join(root, path));
  console.error(`${path} does not exist; run npm run build`);
  process.exit(2);
}

/** Paths copied from the checkout exist and are not ignored; paths that the last stage copies exist in a built checkout. */
function checkDockerfile(file) {
  const instructions = text
    .get(file)
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n');
  const allowed = text
    .get(`${file}.dockerignore`)
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  for (const instruction of instructions) {
    const [keyword, ...words] = instruction.trim().split(/\s+/);
    if (keyword !== 'COPY') continue;
    const stage = words.find((word) => word.startsWith('--from='));
    const paths = words.filter((word) => !word.startsWith('--')).slice(0, -1);
    for (const path of paths) {
      const source = stage === undefined ? path : path.replace(/^\/opt\/gatehouse\//, '');
      if (!existsSync(join(root, source))) problems.push(`${file}: copies ${path}, which does not exist`);
      if (stage === undefined && !allowed.includes(source.split('/')[0]))
        problems.push(`${file}: copies ${path}, which ${file}.dockerignore excludes`);
    }
  }
  const content = text.get(file);
  for (const [, path] of content.matchAll(/"node", "([^"-][^"]*\.js)"/g))
    if (!existsSync(join(root, path))) problems.push(`${file}: runs ${path}, which does not exist`);
  const lastStage = content.slice(content.lastIndexOf('\nFROM '));
  if (!/^USER [1-9]\d*/m.test(lastStage))
    problems.push(`${file}: the last stage must set a numeric USER other than root`);
  // The last stage must contain every folder that the applications read from src at run time.
  for (const folderRead of foldersReadAtRunTime())
    if (!copies(lastStage, folderRead)) problems.push(`${file}: the last stage does not contain ${folderRead}`);
}

function foldersReadAtRunTime() {
  return ['apps/provider/src', 'apps/client/src', 'libs/platform/src'].flatMap((source) =>
    readdirSync(join(root, source), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(hbs|css|js|svg|png|ico|webp|woff2)$/.test(entry.name))
      .map((entry) => relative(root, entry.parentPath)),
  );
}

function copies(stage, path) {
  for (let parent = path; parent !== '.'; parent = dirname(parent))
    if (stage.includes(`COPY --from=build /opt/gatehouse/${parent}/ `)) return true;
  return false;
}

/** The paths of health checks are routes of the provider. */
function checkProbes() {
  const routes = readFileSync(join(root, 'apps/provider/src/web/routes.ts'), 'utf8');
  const patterns = [/httpGet: \{ path: ([^ ,]+)/g, /health_uri (\S+)/g, /\+ '(\/[a-z]+)'/g];
  let count = 0;
  for (const [file, content] of text)
    for (const [, path] of patterns.flatMap((pattern) => [...content.matchAll(pattern)])) {
      count++;
      if (!routes.includes(`'${path}'`)) problems.push(`${file}: the provider has no route ${path}`);
    }
  if (count < 5) problems.push(`deploy: found only ${count} health check paths; update the patterns of this check`);
}

/** Parses with the `yaml` package where a development dependency installed it, otherwise checks only the indentation. */
async function checkYaml(file) {
  const yaml = await import('yaml').catch(() => undefined);
  if (yaml !== undefined) {
    for (const document of yaml.parseAllDocuments(text.get(file), { merge: true }))
      for (const { message } of [...document.errors, ...document.warnings]) problems.push(`${file}: ${message}`);
    return;
  }
  text
    .get(file)
    .split('\n')
    .forEach((line, index) => {
      if (/^\s*\t/.test(line)) problems.push(`${file}:${index + 1}: indented with a tab`);
      else if (/^( {2})* \S/.test(line)) problems.push(`${file}:${index + 1}: odd indentation`);
    });
}

/** Secrets that are used are defined; runs `docker compose config` where it is installed. */
function checkCompose(file) {
  const content = text.get(file);
  const defined = content.slice(content.lastIndexOf('\nsecrets:'));
  for (const [, name] of content.matchAll(/\/run\/secrets\/([a-z_]+)/g))
    if (!defined.includes(`\n  ${name}:\n`)) problems.push(`${file}: the secret ${name} is not defined`);
  for (const [, path] of content.matchAll(/- \.\/([^:]+):/g))
    if (!existsSync(join(folder, path))) problems.push(`${file}: mounts ${path}, which does not exist`);
  if (spawnSync('docker', ['compose', 'version']).status !== 0) {
    notes.push('docker compose config (not installed)');
    return;
  }
  const env = { ...process.env, LOGIN_HOST: 'login.example.com' };
  report(
    file,
    spawnSync('docker', ['compose', '-f', join(root, file), 'config', '--quiet'], { env, encoding: 'utf8' }),
  );
}

/** The manifests contain the required lines, and the secret defines every key that they use. */
function checkKubernetes() {
  const all = kubernetes.map((file) => text.get(file)).join('\n---\n');
  for (const required of [
    'enableServiceLinks: false',
    'runAsNonRoot: true',
    'readOnlyRootFilesystem: true',
    'kind: PodDisruptionBudget',
    'livenessProbe:',
    'readinessProbe:',
    'terminationGracePeriodSeconds: 30',
  ])
    if (!all.includes(required)) problems.push(`deploy/kubernetes: ${required} is missing`);
  const template = text.get('deploy/kubernetes/secret.template.yaml');
  for (const [, key] of all.matchAll(/\/run\/secrets\/gatehouse\/([a-z-]+)/g))
    if (!template.includes(`\n  ${key}: `)) problems.push(`deploy/kubernetes: the secret does not define ${key}`);
}

/** The program that it runs exists; runs `systemd-analyze verify` where it is installed. */
function checkUnit(file) {
  const [, program] = /^ExecStart=\S+ (\S+)/m.exec(text.get(file)) ?? [];
  if (program === undefined || !existsSync(join(root, program)))
    problems.push(`${file}: runs ${program}, which does not exist`);
  if (spawnSync('systemd-analyze', ['--version']).status !== 0) {
    notes.push('systemd-analyze verify (not installed)');
    return;
  }
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', join(root, file)], { encoding: 'utf8' });
  // Node may be installed in another place on this machine.
  const lines = stderr.split('\n').filter((line) => line !== '' && !/\/usr\/bin\/node is not executable/.test(line));
  if (status !== 0 || lines.length > 0) report(file, { status: lines.length > 0 ? 1 : 0, stderr: lines.join('\n') });
}

function report(file, { status, stderr }) {
  if (status !== 0) problems.push(`${file}: ${stderr.trim()}`);
}
