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
  return converse(client, (done) => new Piece(steps, known, done));
}

/**
 * The same with statements that are prepared in the piece itself and forgotten with it, for a session that is another one
 * in each transaction.
 * @throws StepFailed
 */
export function runUnnamedSteps(client: PostgresClient, steps: readonly Step[]): Promise<StepResult[]> {
  return converse(client, (done) => new UnnamedPiece(steps, done));
}

/** Runs pieces of steps; the session's limits are in force in each. */
export type RunSteps = (client: PostgresClient, steps: readonly Step[]) => Promise<StepResult[]>;

/**
 * Behind a pooler nothing may be set for a session, which others use next: what ours are given at their start
 * is set for each transaction.
 * @param limits settings by name
 */
export function pooledSteps(limits: Readonly<Record<string, string>>): RunSteps {
  const calls = Object.entries(limits).map(([name, value]) => `set_config('${name}', '${value}', true)`);
  const limit: Step = { name: 'store.limits', text: `SELECT ${calls.join(', ')}`, values: [] };
  return async (client, steps) => {
    const [first] = steps;
    // Inside a transaction they are in force already; at its end they go with it.
    const place = first?.text === 'BEGIN' ? 1 : isInTransaction(client) ? undefined : 0;
    if (place === undefined) return runUnnamedSteps(client, steps);
    try {
      return (await runUnnamedSteps(client, steps.toSpliced(place, 0, limit))).toSpliced(place, 1);
    } catch (error) {
      throw error instanceof StepFailed ? new StepFailed(error.done.toSpliced(place, 1), error.cause) : error;
    }
  };
}

function isInTransaction(client: PostgresClient): boolean {
  return client.getTransactionStatus() !== 'I';
}

type Done = (error: unknown, results: StepResult[]) => void;

function converse(client: PostgresClient, piece: (done: Done) => Conversation): Promise<StepResult[]> {
  return new Promise((resolve, reject) => {
    client.query(
      piece((error, done) => {
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
  describe(message: { readonly type: 'S' | 'P'; readonly name: string }): void;
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
    this.columns = columnsIn(fields);
  }

  protected override settle(error: unknown): void {
    this.done(error, this.columns);
  }
}

function columnsIn(fields: RowDescription['fields']): readonly Column[] {
  return fields.map(({ name, dataTypeID }) => ({
    name,
    parse: namedStatementTypes.getTypeParser(dataTypeID, 'text') as Parser,
  }));
}

function valuesOf({ values }: Step): unknown[] {
  return values.map((value) => (typeof value === 'number' ? String(value) : value));
}

/** Collects the results of steps that travel together. */
abstract class Results extends Conversation {
  protected readonly results: StepResult[] = [];
  private rows: Record<string, unknown>[] = [];

  constructor(
    protected readonly steps: readonly Step[],
    private readonly done: Done,
  ) {
    super();
  }

  /** Of the step whose rows come now. */
  protected abstract columns(): readonly Column[];

  override handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const row: Record<string, unknown> = {};
    this.columns().forEach(({ name, parse }, index) => {
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

class Piece extends Results {
  constructor(
    steps: readonly Step[],
    private readonly known: ReadonlyMap<string, readonly Column[]>,
    done: Done,
  ) {
    super(steps, done);
  }

  protected override speak(wire: Wire): void {
    for (const step of this.steps) {
      wire.bind({ statement: step.name, values: valuesOf(step) });
      wire.execute(null);
    }
  }

  protected override columns(): readonly Column[] {
    return this.known.get(this.steps[this.results.length]?.name ?? '') ?? [];
  }
}

class UnnamedPiece extends Results {
  private described: readonly Column[] = [];

  protected override speak(wire: Wire): void {
    for (const step of this.steps) {
      wire.parse({ name: '', text: step.text });
      wire.bind({ statement: '', values: valuesOf(step) });
      wire.describe({ type: 'P', name: '' });
      wire.execute(null);
    }
  }

  override handleRowDescription({ fields }: RowDescription): void {
    this.described = columnsIn(fields);
  }

  protected override columns(): readonly Column[] {
    return this.described;
  }
}
