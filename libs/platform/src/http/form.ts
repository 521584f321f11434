/** A parameter came twice where the protocol allows it once (RFC 6749 3.1, 3.2). */
export class RepeatedParameter extends Error {
  constructor(readonly parameter: string) {
    super('a request parameter is repeated');
    this.name = 'RepeatedParameter';
  }
}

/** The body is larger than what this endpoint reads: 413. */
export class BodyTooLarge extends Error {
  constructor(readonly limitBytes: number) {
    super('the request body is too large');
    this.name = 'BodyTooLarge';
  }
}

/** The body is not what this endpoint reads: 415 (or 400 where the protocol says so). */
export class UnsupportedBody extends Error {
  constructor(readonly contentType: string) {
    super('the request body must be application/x-www-form-urlencoded');
    this.name = 'UnsupportedBody';
  }
}

/** Parameters of a query or a form body, in their order. Values are what was sent, decoded, untrimmed. */
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
      // As browsers read HTML: no text of ours holds a NUL, which PostgreSQL could not store.
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

  /** The first value; undefined when absent. An empty value is an empty string. */
  get(name: string): string | undefined {
    return this.entries.get(name)?.[0];
  }

  /** The first value, or an empty string: for text fields of our own pages. */
  text(name: string): string {
    return this.get(name) ?? '';
  }

  /** Every value of a parameter that may repeat. */
  all(name: string): readonly string[] {
    return this.entries.get(name) ?? [];
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  get names(): readonly string[] {
    return [...this.entries.keys()];
  }

  /** The same form without these parameters (passwords, CSRF tokens). */
  without(...names: readonly string[]): Form {
    return new Form(new Map([...this.entries].filter(([name]) => !names.includes(name))));
  }

  /**
   * The parameters of a protocol endpoint: each once, empty values left out (RFC 6749 3.1: sent without a value = omitted).
   * @param repeatable names that may come more than once; their values are joined by spaces, which no URI has
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
 * A name or a value as URLSearchParams reads it, which makes an iterator, pairs and a list of them for that.
 * @see WHATWG URL 5.1
 */
function decodePart(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    // A percent sign that escapes nothing, or bytes that are no UTF-8: read as browsers do.
    return new URLSearchParams(`_=${asAscii(text)}`).get('_') ?? '';
  }
}

/** Node mixes up bytes and characters where both kinds come together. */
function asAscii(text: string): string {
  return text.replace(/[^\0-\x7f]+/g, encodeURIComponent);
}
