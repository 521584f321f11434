// Run after `npm install`: adds the platform packages that npm omitted from package-lock.json.
// npm records only the optional packages that the registry returned during that installation; if one is missing, `npm ci` rejects
// the lockfile on every platform ("Missing: @swc/core-darwin-arm64 from lock file"). The added entries have a version and a
// platform but no integrity; npm adds it when it next installs them.
import './lib/node-version.mjs';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib/root.mjs';

const path = join(root, 'package-lock.json');
const lockfile = JSON.parse(readFileSync(path, 'utf8'));
const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const systemNames = { windows: 'win32', macos: 'darwin' };
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

/** Parses the platform from a package's name: `@swc/core-linux-arm-gnueabihf`. */
function platformOf(name) {
  const parts = name.slice(name.lastIndexOf('/') + 1).split('-');
  const os = parts.map((part) => systemNames[part] ?? part).find((part) => systems.includes(part));
  const cpu = parts.find((word) => processors.includes(word));
  if (os === undefined || cpu === undefined) return undefined;
  const libc = os !== 'linux' ? undefined : parts.some((word) => word.startsWith('musl')) ? 'musl' : 'glibc';
  return { cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }), os: [os] };
}

const added = [];
for (const [owner, entry] of Object.entries(lockfile.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const place = `node_modules/${name}`;
    if (lockfile.packages[place] !== undefined || lockfile.packages[`${owner}/${place}`] !== undefined) continue;
    const platform = platformOf(name);
    if (platform === undefined || !/^\d+\.\d+\.\d+/.test(version)) {
      console.error(`${name}@${version} (of ${owner}) is missing, and its platform or version cannot be determined.`);
      process.exitCode = 1;
      continue;
    }
    const { cpu, libc, os } = platform;
    const dev = entry.dev ? { dev: true } : {};
    lockfile.packages[place] = { version, cpu, ...dev, ...(libc === undefined ? {} : { libc }), optional: true, os };
    added.push(`${name}@${version}`);
  }
}
const { packages } = lockfile;
lockfile.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
if (added.length > 0) writeFileSync(path, `${JSON.stringify(lockfile, null, 2)}\n`);
console.log(added.length === 0 ? 'package-lock.json is complete.' : `Added to package-lock.json:\n${added.join('\n')}`);
