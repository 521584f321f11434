import type { IncomingMessage } from 'node:http';
import { decodeBase64url, sha256 } from '@gatehouse/domain/kernel';
import { newSecret } from '../secrets/random.js';
import type { SetCookie } from './reply.js';
import { cookie } from './request.js';

/** The longest that browsers keep a cookie (RFC 6265bis 5.5). */
const LIFETIME_SECONDS = 400 * 24 * 3600;

/** One browser, as far as a cookie can tell. */
export interface Browser {
  /** 256 random bits; known to the browser alone. */
  readonly id: string;
  /** What may be stored. */
  readonly hash: Buffer;
  /** What the reply must set: nothing when the browser had a good cookie already. */
  readonly cookies: readonly SetCookie[];
}

/**
 * The long-lived cookie that tells browsers apart, logged in or not: kept requests and forms are bound to it.
 * It proves nothing about a person.
 */
export class BrowserCookie {
  readonly name: string;
  private readonly secure: boolean;

  /** @param options.origin our own; on https the cookie is Secure and its name begins with `__Host-` */
  constructor(options: { readonly origin: string; readonly name?: string }) {
    this.secure = options.origin.startsWith('https:');
    this.name = cookieName(options.name ?? 'gatehouse_browser', this.secure);
  }

  /** The browser's id, or undefined when it has none yet. */
  find(request: IncomingMessage): string | undefined {
    const value = cookie(request, this.name);
    // Anything that we did not make is no id: it could be short, or chosen by somebody else.
    return value !== undefined && value.length === 43 && decodeBase64url(value) !== undefined ? value : undefined;
  }

  /** The browser that asks; a new one gets its cookie by the reply that carries `cookies`. */
  findOrMake(request: IncomingMessage): Browser {
    const known = this.find(request);
    if (known !== undefined) return { id: known, hash: BrowserCookie.hash(known), cookies: [] };
    const id = newSecret();
    return { id, hash: BrowserCookie.hash(id), cookies: [this.cookieOf(id)] };
  }

  /** The cookie again, for another 400 days. */
  cookieOf(id: string): SetCookie {
    return { name: this.name, value: id, secure: this.secure, maxAgeSeconds: LIFETIME_SECONDS };
  }

  static hash(id: string): Buffer {
    return sha256(id);
  }
}

/** `__Host-` binds a cookie to this host and to https; on http, browsers refuse such a name. */
export function cookieName(name: string, secure: boolean): string {
  return secure ? `__Host-${name}` : name;
}
