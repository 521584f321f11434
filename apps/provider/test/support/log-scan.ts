import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createLog, type Log } from '@gatehouse/platform/telemetry/log';

/** Names of parameters, JSON members and fields of forms whose values are nobody's business. */
const secretNames = [
  ...['password', 'new_password', 'current_password', 'client_secret', 'client_assertion', 'assertion'],
  ...['code', 'code_verifier', 'token', 'access_token', 'refresh_token', 'id_token', 'id_token_hint', 'device_code'],
  ...['csrf', 'otp', 'secret', 'registration_access_token', 'recovery_code'],
].join('|');
const inForms = new RegExp(`(?:^|[?&\\s])(?:${secretNames})=([^&\\s"'<>]+)`, 'g');
const inJson = new RegExp(`"(?:${secretNames})":"([^"]+)"`, 'g');
const inPages = new RegExp(`name="(?:${secretNames})" value="([^"]+)"`, 'g');

/** Shorter ones may stand in a line by chance. */
const shortest = 12;

/**
 * A log at its loosest level, and every secret that went over the wire in the meantime: whatever a test does, none of them may
 * be in it.
 */
export class LogScan {
  readonly log: Log;
  readonly secrets = new Set<string>();
  private readonly lines: string[] = [];

  constructor() {
    const destination = { write: (line: string) => void this.lines.push(line) };
    this.log = createLog({ level: 'trace', name: 'provider', destination });
  }

  get text(): string {
    return this.lines.join('');
  }

  /** Reads along with everything that this server is sent and answers. */
  watch(server: Server): void {
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      this.readHeaders(request);
      this.readText(request.url ?? '');
      copyOf(request, 'push', (text) => this.readText(text));
      copyOf(response, 'write', (text) => this.readText(text));
      copyOf(response, 'end', (text) => this.readText(text));
      copyOf(response, 'writeHead', (text) => this.readText(text));
      response.once('finish', () => this.readCookies(response.getHeader('set-cookie')));
    });
  }

  /** The secrets that stand in the log, shortened, with the line. */
  leaks(): string[] {
    const { text } = this;
    return [...this.secrets]
      .filter((secret) => text.includes(secret))
      .map((secret) => {
        const line = this.lines.find((each) => each.includes(secret)) ?? '';
        return `${secret.slice(0, 6)}… in ${line.slice(0, 300)}`;
      });
  }

  private readHeaders({ headers }: IncomingMessage): void {
    for (const pair of headers.cookie?.split(';') ?? []) this.add(pair.slice(pair.indexOf('=') + 1).trim());
    const [scheme, credential = ''] = headers.authorization?.split(' ') ?? [];
    this.add(credential);
    if (scheme?.toLowerCase() === 'basic') this.add(Buffer.from(credential, 'base64').toString().split(':')[1] ?? '');
  }

  private readCookies(header: unknown): void {
    const lines = Array.isArray(header) ? header.map(String) : typeof header === 'string' ? [header] : [];
    for (const line of lines) this.add(/^[^=]+=([^;]*)/.exec(line)?.[1] ?? '');
  }

  private readText(text: string): void {
    for (const pattern of [inForms, inJson, inPages])
      for (const [, value = ''] of text.matchAll(pattern)) {
        this.add(value);
        this.add(decoded(value));
      }
  }

  private add(secret: string): void {
    if (secret.length < shortest) return;
    this.secrets.add(secret);
    // Of `selector.verifier` and of a JWT, the part that alone is as good as the whole.
    const last = secret.split('.').at(-1) ?? '';
    if (last.length >= 40) this.secrets.add(last);
  }
}

/** Shows a method's textual arguments to `read` before it does its work; headers as JSON. */
function copyOf<T extends object>(target: T, name: keyof T & string, read: (text: string) => void): void {
  const own = target[name];
  if (typeof own !== 'function') throw new Error(`${name} is no method`);
  Object.defineProperty(target, name, {
    configurable: true,
    writable: true,
    value: (...given: unknown[]): unknown => {
      for (const each of given) {
        if (typeof each === 'string') read(each);
        else if (Buffer.isBuffer(each)) read(each.toString('utf8'));
        else if (typeof each === 'object' && each !== null) read(headersOf(each));
      }
      return own.apply(target, given) as unknown;
    },
  });
}

/** Cookies and the address of a redirect, as text in which parameters are found. */
function headersOf(headers: object): string {
  return Object.entries(headers)
    .flatMap(([name, value]) =>
      [value].flat().map((each: unknown) => {
        const text = String(each);
        return name.toLowerCase() === 'set-cookie' ? `secret=${/^[^=]+=([^;]*)/.exec(text)?.[1] ?? ''}` : text;
      }),
    )
    .join('\n');
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    return value;
  }
}
