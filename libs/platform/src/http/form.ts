/** A parameter is repeated where the protocol does not allow it (RFC 6749 3.1, 3.2). */
export class RepeatedParameter extends Error {
  constructor(readonly parameter: string) {
    super('a request parameter is repeated');
    this.name = 'RepeatedParameter';
  }
}

/** The body exceeds the limit of this endpoint: 413. */
export class BodyTooLarge extends Error {
  constructor(readonly limitBytes: number) {
    super('the request body is too large');
    this.name = 'BodyTooLarge';
  }
}

/** The body has the wrong media type: 415 (or 400 where the protocol requires it). */
export class UnsupportedBody extends Error {
  constructor(readonly contentType: string) {
    super('the request body must be application/x-www-form-urlencoded');
    this.name = 'UnsupportedBody';
  }
}

/** Parameters of a query or a form body in order. Values are decoded and not trimmed. */
export class Form {
  private constructor(private readonly entries: ReadonlyMap<string, readonly string[]>) {}

  static readonly empty = new Form(new Map());

  /** Parses application/x-www-form-urlencoded text. */
  static parse(text: string): Form {
    const entries = new Map<string, string[]>();
    for (let start = 0, end; start <= text.length; start = end + 1) {
      end = text.indexOf('&', start);
      if (end < 0) end = text.length;
      if (end === start) continue;
      const equals = text.indexOf('=', start);
      const isNamed = equals >= 0 && equals < end;
      const name = decodePart(text.slice(start, isNamed ? equals : end));
      // As browsers parse HTML: no stored text contains a NUL, which PostgreSQL cannot store.
      const value = isNamed ? decodePart(text.slice(equals + 1, end)).replaceAll('\0', '\uFFFD') : '';
      const values = entries.get(name);
      if (values) values.push(value);
      else entries.set(name, [value]);
    }
    return new Form(entries);
  }

  static of(values: Readonly<Record<string, string | readonly string[]>>): Form {
    return new Form(
      new Map(Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? [value] : value])),
    );
  }

  /** The first value; undefined if absent. An empty value is an empty string. */
  get(name: string): string | undefined {
    return this.entries.get(name)?.[0];
  }

  /** The first value or an empty string, for text fields of pages. */
  text(name: string): string {
    return this.get(name) ?? '';
  }

  /** All values of a parameter that may repeat. */
  all(name: string): readonly string[] {
    return this.entries.get(name) ?? [];
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  get names(): readonly string[] {
    return [...this.entries.keys()];
  }

  /** A copy without these parameters (passwords, CSRF tokens). */
  without(...names: readonly string[]): Form {
    return new Form(new Map([...this.entries].filter(([name]) => !names.includes(name))));
  }

  /**
   * The parameters of a protocol endpoint: each once, empty values omitted (RFC 6749 3.1).
   * @param repeatable names that may repeat; their values are joined with spaces, which no URI contains
   * @throws RepeatedParameter
   */
  protocolParameters(repeatable: readonly string[] = []): ReadonlyMap<string, string> {
    const parameters = new Map<string, string>();
    for (const [name, values] of this.entries) {
      if (values.length > 1 && !repeatable.includes(name)) throw new RepeatedParameter(name);
      const value = values.length === 1 ? values[0] : values.join(' ').trim();
      if (value !== undefined && value !== '') parameters.set(name, value);
    }
    return parameters;
  }
}

/**
 * Decodes a name or a value like URLSearchParams, which is slower because it creates an iterator, pairs and a list.
 * @see WHATWG URL 5.1
 */
function decodePart(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    // A percent sign that escapes nothing, or bytes that are not UTF-8: decode as browsers do.
    return new URLSearchParams(`_=${asAscii(text)}`).get('_') ?? '';
  }
}

/** Escapes non-ASCII characters: Node decodes text that mixes them with percent-encoded bytes incorrectly. */
function asAscii(text: string): string {
  return text.replace(/[^\0-\x7f]+/g, encodeURIComponent);
}
