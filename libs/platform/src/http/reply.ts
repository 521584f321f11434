import type { OutgoingHttpHeaders } from 'node:http';

/** A cookie to set; the name is final (prefix included), the defaults are HttpOnly, SameSite=Lax, Path=/. */
export interface SetCookie {
  readonly name: string;
  /** Empty to remove the cookie. */
  readonly value: string;
  readonly secure: boolean;
  /** Undefined: until the browser closes. 0: remove. */
  readonly maxAgeSeconds?: number | undefined;
  readonly sameSite?: 'Lax' | 'Strict' | 'None' | undefined;
  /** `scripts`: pages of ours may read it too. For what has no authority alone. */
  readonly readableBy?: 'scripts' | undefined;
}

/** An answer ready for the socket: one writeHead, one end. */
export interface WrittenReply {
  readonly status: number;
  /** Names and values in turn, as writeHead takes them. */
  readonly headers: readonly string[];
  /** Text goes to the socket in one piece with the headers. */
  readonly body: Buffer | string | undefined;
  /** `latin1` for what is ASCII only, which is copied as it is. */
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
  /** Schemes (`https:`, `com.example.app:`) that a form on this page may lead to by redirects, beside our own origin. */
  readonly formActionSchemes?: readonly string[];
  /** Origins whose pages it shows in frames. */
  readonly frameOrigins?: readonly string[];
  /** Languages that are wanted before the browser's, the most wanted first (BCP 47). */
  readonly languages?: readonly string[] | undefined;
}

/** What a controller returns. Only the Express adapter knows how it is written to the socket. */
export class Reply {
  private constructor(readonly content: ReplyContent) {}

  /** 303: what a browser does next, with GET. */
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

  /** An HTML page by the name of its view; never cached. */
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

  /** The one kind of page that anybody may frame: nothing of a person is on it, and nothing can be pressed. */
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

  /** JSON, `no-store` unless the headers say otherwise. */
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

  /** As {@link json}, of JSON that is text already. */
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
   * A response that is the same for every request and holds nothing of a person: it is rendered once.
   * @param options `isStatic`: it never changes while the process runs, so that the handler of a
   * fixed path is called once (nothing may depend on the request: no guard, no host)
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

  /** Bytes of any kind: style sheets, scripts, downloads. */
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
      /** The writer's. */
      written: WrittenReply | undefined;
    });
