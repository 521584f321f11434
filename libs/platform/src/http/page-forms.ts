import type { IncomingMessage } from 'node:http';
import type { Clock } from '../clock.js';
import { BrowserCookie, type Browser } from './browser-cookie.js';
import type { CsrfTokens } from './csrf.js';
import { Form } from './form.js';
import { isFromOurselves, whyForeign, type OriginRejection } from './origin-check.js';
import { readForm } from './read-form.js';

/** The name of the hidden field: `<input type="hidden" name="csrf" value="{{csrf}}">`. */
export const CSRF_FIELD = 'csrf';

const PAGE_FORM_LIMIT_BYTES = 256 * 1024;

/** Why a form was not accepted: answer 403 and show it again with a fresh token. */
export interface FormRejection {
  readonly id: 'form.csrf' | 'form.origin';
  readonly sentence: string;
}

/** A form of ours that was posted. When `refusal` is there, nothing may be done but show the form again. */
export interface PostedForm {
  /** What was typed; without passwords after a CSRF refusal, empty after a foreign Origin. */
  readonly form: Form;
  readonly refusal?: FormRejection;
  /** The browser that posted it, perhaps with a new cookie. */
  readonly browser: Browser;
}

/** What a page with a form needs: put `csrf` in the hidden field, and `cookies` on the reply. */
export interface FormGuard {
  readonly browser: Browser;
  readonly csrf: string;
  readonly cookies: Browser['cookies'];
}

export interface PageFormsOptions {
  /** Our own origin, from the issuer or base URL: never from the Host header. */
  readonly origin: string;
  readonly csrf: CsrfTokens;
  readonly browserCookie: BrowserCookie;
  readonly clock: Clock;
  /** Hears of each form that was refused for its origin. */
  readonly refused?: (why: OriginRejection) => void;
}

/** Guards every form of our own pages; protocol endpoints have nothing to do with it. */
export class PageForms {
  private readonly origin: string;

  constructor(private readonly options: PageFormsOptions) {
    this.origin = new URL(options.origin).origin;
  }

  /** For the GET side: the token of a form, and the browser's cookie if it has none. */
  guard(request: IncomingMessage): FormGuard {
    return this.guardOf(this.options.browserCookie.findOrMake(request));
  }

  /** A fresh token for showing a form again to the browser that posted it. */
  guardOf(browser: Browser): FormGuard {
    const { csrf, clock } = this.options;
    return { browser, csrf: csrf.issue(browser.id, clock.now()), cookies: browser.cookies };
  }

  /**
   * For the POST side: reads the body and checks where it comes from.
   * @throws BodyTooLarge, UnsupportedBody, RequestAborted
   */
  async read(request: IncomingMessage, options: { readonly limitBytes?: number } = {}): Promise<PostedForm> {
    const sent = await readForm(request, { limitBytes: options.limitBytes ?? PAGE_FORM_LIMIT_BYTES });
    const browser = this.options.browserCookie.findOrMake(request);
    if (!isFromOurselves(request, this.origin)) {
      this.options.refused?.(whyForeign(request, this.origin));
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
  csrf: {
    id: 'form.csrf',
    sentence: 'This form was open for too long, or cookies are off. Nothing was changed: please send it again.',
  },
  origin: {
    id: 'form.origin',
    sentence: 'This form was not sent from a page of this site. Nothing was changed.',
  },
} as const satisfies Record<string, FormRejection>;
