import { codeOf, isError } from './error-code.js';

/** The main module of a program, which imports everything else. */
export interface Program {
  run(): Promise<void>;
  /** The message for the terminal: a sentence where users can fix the problem, otherwise the stack. */
  explain(error: unknown): string;
}

/**
 * Loads a program and runs it; prints an explanation and exits with 1 where either fails. The caller loads it with `import()`
 * and imports hardly anything itself: with too few file descriptors it is loading that fails.
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

/** What to do when too many files are open; undefined for any other error. */
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

/** The error's code; where a library wrapped the error, it is in the cause or in the text. */
function openFilesCode(error: unknown): string | undefined {
  if (!isError(error)) return undefined;
  const code = codeOf(error);
  if (code === 'EMFILE' || code === 'ENFILE') return code;
  return /\bE[MN]FILE\b/.exec(error.message)?.[0] ?? openFilesCode(error.cause);
}
