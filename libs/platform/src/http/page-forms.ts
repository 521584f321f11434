import type { IncomingMessage } from 'node:http';
import type { Clock } from '../clock.js';
import { BrowserCookie, type Browser } from './browser-cookie.js';
import type { CsrfTokens } from './csrf.js';
import { Form } from './form.js';
import { isSameOriginForm, originRejection, type OriginRejection } from './origin-check.js';
import { readForm } from './read-form.js';

/** Name of the hidden field: `<input type="hidden" name="csrf" value="{{csrf}}">`. */
export const CSRF_FIELD = 'csrf';

const PAGE_FORM_LIMIT_BYTES = 256 * 1024;

/** Why a form was rejected: respond with 403 and show it again with a new token. */
export interface FormRejection {
  readonly id: 'form.csrf' | 'form.origin';
}

/** A form that was posted. If `refusal` is set, do nothing but show the form again. */
export interface PostedForm {
  /** The submitted values; without passwords after a CSRF failure, empty after a cross-site Origin. */
  readonly form: Form;
  readonly refusal?: FormRejection;
  /** The browser that posted it, possibly with a new cookie. */
  readonly browser: Browser;
}

/** For a page with a form: put `csrf` in the hidden field and `cookies` on the reply. */
export interface FormGuard {
  readonly browser: Browser;
  readonly csrf: string;
  readonly cookies: Browser['cookies'];
}

export interface PageFormsOptions {
  /** This server's origin from the issuer or base URL, never from the Host header. */
  readonly origin: string;
  readonly csrf: CsrfTokens;
  readonly browserCookie: BrowserCookie;
  readonly clock: Clock;
  /** Called for each form that was rejected for its origin. */
  readonly refused?: (why: OriginRejection) => void;
}

/** CSRF protection for forms of pages. Protocol endpoints do not use it. */
export class PageForms {
  private readonly origin: string;

  constructor(private readonly options: PageFormsOptions) {
    this.origin = new URL(options.origin).origin;
  }

  /** For GET: the CSRF token of a form, and a cookie if the browser has none. */
  guard(request: IncomingMessage): FormGuard {
    return this.guardOf(this.options.browserCookie.findOrMake(request));
  }

  /** A new token for showing a form again to the browser that posted it. */
  guardOf(browser: Browser): FormGuard {
    const { csrf, clock } = this.options;
    return { browser, csrf: csrf.issue(browser.id, clock.now()), cookies: browser.cookies };
  }

  /**
   * For POST: reads the body and checks its origin and token.
   * @throws BodyTooLarge, UnsupportedBody, RequestAborted
   */
  async read(
    request: IncomingMessage,
    options: { readonly limitBytes?: number; readonly files?: boolean } = {},
  ): Promise<PostedForm> {
    const { limitBytes = PAGE_FORM_LIMIT_BYTES, files } = options;
    const sent = await readForm(request, { limitBytes, files });
    const browser = this.options.browserCookie.findOrMake(request);
    if (!isSameOriginForm(request, this.origin)) {
      this.options.refused?.(originRejection(request, this.origin));
      return { form: Form.empty, browser, refusal: refusals.origin };
    }
    const { csrf, clock } = this.options;
    const form = sent.without(CSRF_FIELD);
    if (csrf.verify(sent.text(CSRF_FIELD), browser.id, clock.now())) return { form, browser };
    return { form: form.without(...form.names.filter(isPassword)), browser, refusal: refusals.csrf };
  }
}

function isPassword(name: string): boolean {
  return /password|secret|otp/i.test(name);
}

const refusals = {
  csrf: { id: 'form.csrf' },
  origin: { id: 'form.origin' },
} as const satisfies Record<string, FormRejection>;
