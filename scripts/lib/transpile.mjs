import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import ts from 'typescript';
import { root } from './root.mjs';

const compiledSuffixes = ['.js', '.js.map', '.d.ts', '.d.ts.map'];

/**
 * Writes the compiler's output for these sources to `dist` without checking types: with `isolatedModules`, the JavaScript of a
 * file depends only on that file. Removes the output of deleted sources.
 * @param {string[]} paths  sources, relative to the root
 * @returns {string[]} syntax errors; the output of files with errors stays unchanged
 */
export function transpileChanged(paths) {
  const errors = [];
  for (const path of paths) {
    const target = outputOf(path);
    if (path.endsWith('.json')) {
      if (existsSync(join(root, path)) && existsSync(target)) copyFileSync(join(root, path), target);
    } else if (/(?<!\.d)\.ts$/.test(path)) {
      if (existsSync(join(root, path))) errors.push(...transpile(path, target));
      else for (const suffix of compiledSuffixes) rmSync(target.replace(/\.ts$/, suffix), { force: true });
    }
  }
  return errors;
}

/** `apps/provider/src/web/x.ts` is compiled to `apps/provider/dist/web/x.…`. */
function outputOf(path) {
  return join(root, path.replace(`${sep}src${sep}`, `${sep}dist${sep}`));
}

function transpile(path, target) {
  const source = join(root, path);
  const { outputText, sourceMapText, diagnostics } = ts.transpileModule(readFileSync(source, 'utf8'), {
    compilerOptions: compilerOptions(),
    fileName: source,
    reportDiagnostics: true,
  });
  if (diagnostics.length > 0) return [ts.formatDiagnostics(diagnostics, formatHost).trimEnd()];
  const output = target.replace(/\.ts$/, '.js');
  const map = JSON.parse(sourceMapText);
  map.sources = [relative(dirname(output), source).split(sep).join('/')];
  mkdirSync(dirname(output), { recursive: true });
  writeAtomically(`${output}.map`, JSON.stringify(map));
  writeAtomically(output, outputText);
  return [];
}

/** Writes a file atomically, because another process may read it at the same time. */
function writeAtomically(path, text) {
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}`);
  writeFileSync(draft, text);
  renameSync(draft, path);
}

let options;

function compilerOptions() {
  const path = join(root, 'tsconfig.base.json');
  const { compilerOptions: json } = ts.readConfigFile(path, ts.sys.readFile).config;
  // For a single file the compiler does not know that its package consists of ES modules.
  const modules = { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
  options ??= { ...ts.convertCompilerOptionsFromJson(json, root).options, ...modules };
  return options;
}

const formatHost = {
  getCanonicalFileName: (name) => name,
  getCurrentDirectory: () => root,
  getNewLine: () => '\n',
};
