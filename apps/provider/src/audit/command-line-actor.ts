import { userInfo } from 'node:os';

const prefix = 'cli:';
const maxNameCharacters = 100;

/** `cli:NAME`, where NAME is the operating-system user that runs this process. */
export function commandLineActor(): string {
  return prefix + nameOf(userInfo, process.getuid?.());
}

/** @param uid undefined on Windows */
export function nameOf(find: () => { readonly username: string }, uid: number | undefined): string {
  let name = '';
  try {
    name = find().username;
  } catch {
    // A container may run under a uid that has no entry in /etc/passwd.
  }
  const printable = name.replace(/[\u0000-\u001f\u007f]/g, '').slice(0, maxNameCharacters);
  if (printable !== '') return printable;
  return uid === undefined ? 'unknown' : `uid ${uid}`;
}

export function isCommandLineActor(actorId: string): boolean {
  return actorId.startsWith(prefix);
}

/** As the audit page shows it. */
export function commandLineUser(actorId: string): string {
  return actorId.slice(prefix.length);
}
