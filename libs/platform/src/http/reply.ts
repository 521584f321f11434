import type { OutgoingHttpHeaders } from 'node:http';

/** A cookie to set. `name` includes any prefix; defaults are HttpOnly, SameSite=Lax, Path=/. */
export interface SetCookie {
  readonly name: string;
  /** Empty to delete the cookie. */
  readonly value: string;
  readonly secure: boolean;
  /** Undefined: a session cookie. 0: delete. */
  readonly maxAgeSeconds?: number | undefined;
  readonly sameSite?: 'Lax' | 'Strict' | 'None' | undefined;
  /** `scripts`: not HttpOnly. Only for values that grant no access by themselves. */
  readonly readableBy?: 'scripts' | undefined;
}

/** A response ready to send: one writeHead, one end. */
export interface WrittenReply {
  readonly status: number;
  /** Alternating names and values, as for writeHead. */
  readonly headers: readonly string[];
  /** Text is sent in one write with the headers. */
  readonly body: Buffer | string | undefined;
  /** `latin1` for ASCII, which is copied without conversion. */
  readonly encoding: 'latin1' | 'utf8';
}

interface Common {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders | undefined;
  readonly cookies?: readonly SetCookie[] | undefined;
}

export interface PageOptions {
  readonly status?: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly cookies?: readonly SetCookie[];
  /** Schemes (`https:`, `com.example.app:`) to which a form on this page may redirect, in addition to this origin. */
  readonly formActionSchemes?: readonly string[];
  /** Origins that the page embeds in frames. */
  readonly frameOrigins?: readonly string[];
  /** Languages that take precedence over the browser's, in order of preference (BCP 47). */
  readonly languages?: readonly string[] | undefined;
}

/** The return value of a controller. Only the Express adapter writes it to the socket. */
export class Reply {
  private constructor(readonly content: ReplyContent) {}

  /** 303: the browser continues with GET. */
  static redirect(
    location: string,
    options: { status?: 302 | 303; cookies?: readonly SetCookie[]; headers?: OutgoingHttpHeaders } = {},
  ): Reply {
    return new Reply({
      kind: 'redirect',
      status: options.status ?? 303,
      location,
      cookies: options.cookies,
      headers: options.headers,
    });
  }

  /** An HTML page by view name; never cached. */
  static page(view: string, model: object, options: PageOptions = {}): Reply {
    return new Reply({
      kind: 'page',
      status: options.status ?? 200,
      view,
      model,
      formActionSchemes: options.formActionSchemes ?? [],
      frameOrigins: options.frameOrigins ?? [],
      languages: options.languages,
      cookies: options.cookies,
      headers: options.headers,
    });
  }

  /** The only kind of page that any site may frame: it contains no personal data and no controls. */
  static framedPage(view: string): Reply {
    return new Reply({ kind: 'framed-page', status: 200, view });
  }

  /** A self-submitting form to another origin (OAuth 2.0 Form Post Response Mode). */
  static formPost(
    action: string,
    parameters: Readonly<Record<string, string>>,
    cookies: readonly SetCookie[] = [],
  ): Reply {
    return new Reply({ kind: 'form-post', status: 200, action, parameters, cookies, headers: undefined });
  }

  /** JSON, `no-store` by default. */
  static json(
    body: object,
    options: { status?: number; headers?: OutgoingHttpHeaders; cookies?: readonly SetCookie[] } = {},
  ): Reply {
    return new Reply({
      kind: 'json',
      status: options.status ?? 200,
      body,
      headers: options.headers,
      cookies: options.cookies,
    });
  }

  /** As {@link json}, from serialized JSON. */
  static jsonText(
    text: string,
    options: { status?: number; headers?: OutgoingHttpHeaders; cookies?: readonly SetCookie[] } = {},
  ): Reply {
    return new Reply({
      kind: 'json',
      status: options.status ?? 200,
      body: text,
      headers: options.headers,
      cookies: options.cookies,
    });
  }

  /**
   * A response that is the same for every request and contains no personal data: it is rendered once.
   * @param options `isStatic`: it never changes while the process runs, so the handler of an exact route is called only once.
   * Nothing may depend on the request (no guard, no host).
   */
  static constant(reply: Reply, options: { readonly isStatic?: boolean } = {}): Reply {
    const { content } = reply;
    return new Reply({
      kind: 'constant',
      status: content.status,
      content,
      isStatic: options.isStatic === true,
      written: undefined,
    });
  }

  /** See {@link constant}. */
  get isStatic(): boolean {
    return this.content.kind === 'constant' && this.content.isStatic;
  }

  /** Bytes of any type: style sheets, scripts, downloads. */
  static bytes(
    body: Buffer,
    contentType: string,
    options: { status?: number; headers?: OutgoingHttpHeaders } = {},
  ): Reply {
    return new Reply({ kind: 'bytes', status: options.status ?? 200, body, contentType, headers: options.headers });
  }

  static empty(status = 200, headers?: OutgoingHttpHeaders): Reply {
    return new Reply({ kind: 'empty', status, headers });
  }
}

export type ReplyContent =
  | (Common & { readonly kind: 'redirect'; readonly location: string })
  | (Common & {
      readonly kind: 'page';
      readonly view: string;
      readonly model: object;
      readonly formActionSchemes: readonly string[];
      readonly frameOrigins: readonly string[];
      readonly languages?: readonly string[] | undefined;
    })
  | (Common & { readonly kind: 'framed-page'; readonly view: string })
  | (Common & {
      readonly kind: 'form-post';
      readonly action: string;
      readonly parameters: Readonly<Record<string, string>>;
    })
  | (Common & { readonly kind: 'json'; readonly body: object | string })
  | (Common & { readonly kind: 'bytes'; readonly body: Buffer; readonly contentType: string })
  | (Common & { readonly kind: 'empty' })
  | (Common & {
      readonly kind: 'constant';
      readonly content: ReplyContent;
      readonly isStatic: boolean;
      /** Set by the writer. */
      written: WrittenReply | undefined;
    });
