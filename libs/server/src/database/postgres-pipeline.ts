import type { Duplex } from 'node:stream';
import { namedStatementTypes, type PostgresClient } from './postgres-driver.js';
import type { SqlValue } from './store.js';

/** One prepared statement with its values. */
export interface Step {
  readonly name: string;
  readonly text: string;
  readonly values: readonly SqlValue[];
}

export interface StepResult {
  readonly rows: Record<string, unknown>[];
  /** Rows changed, or read. */
  readonly count: number;
  /** The first word of the server's answer: `INSERT`, `COMMIT`. */
  readonly command: string;
}

/** A step failed: those before it have their results, those after it were not done. */
export class StepFailed extends Error {
  constructor(
    readonly done: readonly StepResult[],
    override readonly cause: unknown,
  ) {
    super('a statement failed', { cause });
    this.name = 'StepFailed';
  }
}

/**
 * Sends steps in one piece and reads what comes back: one round trip. Outside of BEGIN they are one transaction, which
 * the server commits at the end of the piece.
 * @throws StepFailed
 * @see PostgreSQL's documentation, 54.2.4 (pipelining)
 */
export async function runSteps(client: PostgresClient, steps: readonly Step[]): Promise<StepResult[]> {
  const known = columnsOf(client);
  for (const step of steps) if (!known.has(step.name)) known.set(step.name, await prepare(client, step));
  return new Promise((resolve, reject) => {
    client.query(
      new Piece(steps, known, (error, done) => {
        if (error === undefined) resolve(done);
        else reject(new StepFailed(done, error));
      }),
    );
  });
}

type Parser = (text: string) => unknown;

interface Column {
  readonly name: string;
  readonly parse: Parser;
}

/** By statement: the columns that it gives. A connection keeps its prepared statements as long as it lives. */
const prepared = new WeakMap<PostgresClient, Map<string, readonly Column[]>>();

function columnsOf(client: PostgresClient): Map<string, readonly Column[]> {
  let known = prepared.get(client);
  if (!known) prepared.set(client, (known = new Map<string, readonly Column[]>()));
  return known;
}

/** A piece of its own, once for each statement and connection, so that no failure leaves in doubt what is prepared. */
async function prepare(client: PostgresClient, step: Step): Promise<readonly Column[]> {
  try {
    return await new Promise((resolve, reject) => {
      client.query(new Preparation(step, (error, columns) => (error === undefined ? resolve(columns) : reject(error))));
    });
  } catch (error) {
    throw new StepFailed([], error);
  }
}

/** What the driver's connection offers to queries that speak the protocol themselves; its types know half of it. */
interface Wire {
  readonly stream: Duplex;
  parse(message: { readonly name: string; readonly text: string }): void;
  bind(message: { readonly statement: string; readonly values: readonly unknown[] }): void;
  describe(message: { readonly type: 'S'; readonly name: string }): void;
  execute(message: null): void;
  sync(): void;
}

interface RowDescription {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
}

/** The driver calls these as the server's messages come. */
abstract class Conversation {
  private over = false;

  submit(connection: object): null {
    const wire = connection as Wire;
    wire.stream.cork();
    try {
      this.speak(wire);
      wire.sync();
    } finally {
      wire.stream.uncork();
    }
    return null;
  }

  protected abstract speak(wire: Wire): void;
  protected abstract settle(error: unknown): void;

  handleError(error: unknown): void {
    if (!this.over) this.settle(error);
    this.over = true;
  }

  handleReadyForQuery(): void {
    this.handleError(undefined);
  }

  handleRowDescription(_message: RowDescription): void {
    // Only of a preparation.
  }

  handleDataRow(_message: { readonly fields: readonly (string | null)[] }): void {
    // Only of a piece.
  }

  handleCommandComplete(_message: { readonly text: string }): void {
    // Only of a piece.
  }

  handleEmptyQuery(): void {
    // No statement of ours is empty.
  }

  handlePortalSuspended(): void {
    // Nothing is read in parts.
  }
}

class Preparation extends Conversation {
  private columns: readonly Column[] = [];

  constructor(
    private readonly step: Step,
    private readonly done: (error: unknown, columns: readonly Column[]) => void,
  ) {
    super();
  }

  protected override speak(wire: Wire): void {
    wire.parse(this.step);
    wire.describe({ type: 'S', name: this.step.name });
  }

  override handleRowDescription({ fields }: RowDescription): void {
    this.columns = fields.map(({ name, dataTypeID }) => ({
      name,
      parse: namedStatementTypes.getTypeParser(dataTypeID, 'text') as Parser,
    }));
  }

  protected override settle(error: unknown): void {
    this.done(error, this.columns);
  }
}

class Piece extends Conversation {
  private readonly results: StepResult[] = [];
  private rows: Record<string, unknown>[] = [];

  constructor(
    private readonly steps: readonly Step[],
    private readonly known: ReadonlyMap<string, readonly Column[]>,
    private readonly done: (error: unknown, results: StepResult[]) => void,
  ) {
    super();
  }

  protected override speak(wire: Wire): void {
    for (const { name, values } of this.steps) {
      wire.bind({
        statement: name,
        values: values.map((value) => (typeof value === 'number' ? String(value) : value)),
      });
      wire.execute(null);
    }
  }

  override handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const columns = this.known.get(this.steps[this.results.length]?.name ?? '') ?? [];
    const row: Record<string, unknown> = {};
    columns.forEach(({ name, parse }, index) => {
      const text = fields[index] ?? null;
      row[name] = text === null ? null : parse(text);
    });
    this.rows.push(row);
  }

  override handleCommandComplete({ text }: { readonly text: string }): void {
    const words = text.split(' ');
    const count = words.length > 1 ? Number(words.at(-1)) : 0;
    this.results.push({ rows: this.rows, count, command: words[0] ?? '' });
    this.rows = [];
  }

  protected override settle(error: unknown): void {
    this.done(error, this.results);
  }
}
