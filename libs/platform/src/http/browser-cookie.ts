import type { IncomingMessage } from 'node:http';
import { decodeBase64url, sha256 } from '@gatehouse/domain/kernel';
import { newSecret } from '../secrets/random.js';
import type { SetCookie } from './reply.js';
import { cookie } from './request.js';

/** The maximum lifetime that browsers allow a cookie (RFC 6265bis 5.5). */
const LIFETIME_SECONDS = 400 * 24 * 3600;

/** A browser, identified by a cookie. */
export interface Browser {
  /** 256 random bits, known only to the browser. */
  readonly id: string;
  /** Hash of the id, safe to store. */
  readonly hash: Buffer;
  /** Cookies to set with the response; empty when the browser already has a valid one. */
  readonly cookies: readonly SetCookie[];
}

/**
 * The long-lived cookie that identifies a browser, signed in or not. Interactions and saved forms are bound to it. It does not
 * authenticate a user.
 */
export class BrowserCookie {
  readonly name: string;
  private readonly secure: boolean;

  /** @param options.origin this server's origin; on https the cookie is Secure and its name begins with `__Host-` */
  constructor(options: { readonly origin: string; readonly name?: string }) {
    this.secure = options.origin.startsWith('https:');
    this.name = cookieName(options.name ?? 'gatehouse_browser', this.secure);
  }

  /** The browser's id; undefined without a valid cookie. */
  find(request: IncomingMessage): string | undefined {
    const value = cookie(request, this.name);
    // Reject values that this server did not generate: they could be short, or chosen by an attacker.
    return value !== undefined && value.length === 43 && decodeBase64url(value) !== undefined ? value : undefined;
  }

  /** The browser of the request; for a new one, `cookies` contains its cookie for the response. */
  findOrMake(request: IncomingMessage): Browser {
    const known = this.find(request);
    if (known !== undefined) return { id: known, hash: BrowserCookie.hash(known), cookies: [] };
    const id = newSecret();
    return { id, hash: BrowserCookie.hash(id), cookies: [this.cookieOf(id)] };
  }

  /** The cookie again, renewed for another 400 days. */
  cookieOf(id: string): SetCookie {
    return { name: this.name, value: id, secure: this.secure, maxAgeSeconds: LIFETIME_SECONDS };
  }

  static hash(id: string): Buffer {
    return sha256(id);
  }
}

/** `__Host-` binds a cookie to this host and to https; on http, browsers reject such a name. */
export function cookieName(name: string, secure: boolean): string {
  return secure ? `__Host-${name}` : name;
}
