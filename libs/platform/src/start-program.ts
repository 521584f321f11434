import { codeOf, isError } from './error-code.js';

/** The module that holds a program: everything that it imports is loaded with it. */
export interface Program {
  run(): Promise<void>;
  /** What the terminal shows of a failure: a sentence where people can do something about it, else its stack. */
  explain(error: unknown): string;
}

/**
 * Loads a program and runs it; exits with 1 and an explanation where either fails. A program is loaded by `import()` from
 * a file that imports hardly anything: where too few files may be open, loading is what fails.
 */
export async function startProgram(load: () => Promise<Program>): Promise<void> {
  let program: Program | undefined;
  try {
    program = await load();
    await program.run();
  } catch (error) {
    const line = openFilesProblem(error) ?? program?.explain(error) ?? (isError(error) ? error.stack : undefined);
    process.stderr.write(`${line ?? String(error)}\n`);
    process.exit(1);
  }
}

/** What to do about a failure for which too many files are open; undefined for any other. */
export function openFilesProblem(error: unknown): string | undefined {
  switch (openFilesCode(error)) {
    case 'EMFILE':
      return 'too many open files: raise the limit of this process (ulimit -n 65536; LimitNOFILE=65536 in a systemd unit)';
    case 'ENFILE':
      return 'too many open files on this machine: raise its limit (sysctl fs.file-max)';
    default:
      return undefined;
  }
}

/** Where a library wrapped the error, its code is in the cause or in the text. */
function openFilesCode(error: unknown): string | undefined {
  if (!isError(error)) return undefined;
  const code = codeOf(error);
  if (code === 'EMFILE' || code === 'ENFILE') return code;
  return /\bE[MN]FILE\b/.exec(error.message)?.[0] ?? openFilesCode(error.cause);
}
