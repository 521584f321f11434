// node watch-types.mjs FOLDER: like `tsc -b -w FOLDER`, with two differences: it replaces files atomically, so that no process
// loads a partial file, and it reports only errors, and once that there are none any more.
import { renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import ts from 'typescript';
import { root } from './root.mjs';

const foundErrors = /^Found ([1-9]\d*) error/;
const format = { getCanonicalFileName: (name) => name, getCurrentDirectory: () => root, getNewLine: () => '\n' };
const isColored = process.stderr.isTTY === true;
let hadErrors = false;

const system = {
  ...ts.sys,
  writeFile(path, text, writeByteOrderMark) {
    if (ts.sys.readFile(path) === text) return;
    const draft = join(dirname(path), `.${basename(path)}.${process.pid}`);
    try {
      writeFileSync(draft, writeByteOrderMark ? `\uFEFF${text}` : text);
      renameSync(draft, path);
    } catch {
      ts.sys.writeFile(path, text, writeByteOrderMark); // the folder does not exist yet: the compiler creates it and retries
    }
  },
};

function report(diagnostic) {
  const formatted = isColored
    ? ts.formatDiagnosticsWithColorAndContext([diagnostic], format)
    : ts.formatDiagnostic(diagnostic, format);
  console.error(formatted.trimEnd());
}

function reportStatus(diagnostic) {
  const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
  if (!text.startsWith('Found ')) return; // the start of a compilation
  const hasErrors = foundErrors.test(text);
  if (hasErrors || hadErrors) console.error(`Types: ${text}`);
  hadErrors = hasErrors;
}

const host = ts.createSolutionBuilderWithWatchHost(system, undefined, report, () => undefined, reportStatus);
ts.createSolutionBuilderWithWatch(host, [join(root, process.argv[2])], {}).build();
