import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from '../error-code.js';
import { KEY_BYTES } from './keyring.js';
import { newSecret, randomHex } from './random.js';

/** The key file cannot be used. The message says what to do. */
export class KeyFileError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KeyFileError';
  }
}

/**
 * 32 bytes from base64url, or from base64 with padding, which `openssl rand -base64 32` prints. Undefined for anything else.
 */
export function parseKey(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9_+/-]{43}=?$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === KEY_BYTES ? bytes : undefined;
}

/** Keys separated by commas or white space: the first encrypts, all decrypt. Undefined when one is not a key, or the list is empty. */
export function parseKeys(text: string): readonly Buffer[] | undefined {
  const keys = text
    .split(/[\s,]+/)
    .filter((part) => part !== '')
    .map(parseKey);
  return keys.length > 0 && keys.every((key) => key !== undefined) ? keys : undefined;
}

/**
 * Reads the keys of a file, and creates it with a new key if it does not exist. When several processes start at once, one
 * creates it and all read the same keys: it is written under another name, flushed, and linked to its final name, which
 * fails if that exists.
 * @throws KeyFileError when it is not a list of keys, or is readable by others
 */
export function loadOrCreateKeyFile(path: string): readonly Buffer[] {
  const found = readKeyFile(path);
  if (found) return found;
  createKeyFile(path);
  const made = readKeyFile(path);
  if (!made) throw new KeyFileError(`${path}: was deleted while it was being created`);
  return made;
}

function readKeyFile(path: string): readonly Buffer[] | undefined {
  let text: string;
  let mode: number;
  try {
    text = readFileSync(path, 'utf8');
    mode = statSync(path).mode;
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw new KeyFileError(`${path}: the key cannot be read`, { cause });
  }
  // Group permissions are not checked: volumes with a group id (fsGroup) get them automatically.
  if (process.platform !== 'win32' && (mode & 0o007) !== 0) {
    throw new KeyFileError(`${path}: the key is readable by everybody; run chmod 600 ${path}`);
  }
  const keys = parseKeys(text);
  if (!keys) throw new KeyFileError(`${path}: contains something other than keys of 32 bytes in base64url`);
  return keys;
}

function createKeyFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomHex(8)}`;
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, `${newSecret()}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(draft, path);
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw new KeyFileError(`${path}: the key cannot be written`, { cause });
  } finally {
    unlinkSync(draft);
  }
  flushFolder(dirname(path));
}

/** The directory entry must be on disk too: losing the key in a power failure would make the database unreadable. */
function flushFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
