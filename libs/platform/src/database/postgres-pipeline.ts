import type { Duplex } from 'node:stream';
import { namedStatementTypes, type PostgresClient } from './postgres-driver.js';
import type { SqlValue } from './store.js';

/** A prepared statement with its values. */
export interface Step {
  readonly name: string;
  readonly text: string;
  readonly values: readonly SqlValue[];
}

export interface StepResult {
  readonly rows: Record<string, unknown>[];
  /** Number of rows changed or read. */
  readonly count: number;
  /** First word of the command tag: `INSERT`, `COMMIT`. */
  readonly command: string;
}

/** A step failed: those before it have results, those after it were not executed. */
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
 * Sends steps in one batch and reads the results: one round trip. Outside of BEGIN they are one transaction, which the
 * server commits at the end of the batch.
 * @throws StepFailed
 * @see PostgreSQL documentation 54.2.4 (pipelining)
 */
export async function runSteps(client: PostgresClient, steps: readonly Step[]): Promise<StepResult[]> {
  const known = columnsOf(client);
  for (const step of steps) if (!known.has(step.name)) known.set(step.name, await prepare(client, step));
  return exchange(client, (done) => new Batch(steps, known, done));
}

/**
 * The same with unnamed statements, which are prepared in the batch itself: for poolers that assign another session to each
 * transaction.
 * @throws StepFailed
 */
export function runUnnamedSteps(client: PostgresClient, steps: readonly Step[]): Promise<StepResult[]> {
  return exchange(client, (done) => new UnnamedBatch(steps, done));
}

/** Runs batches of steps; the session's limits apply to each. */
export type RunSteps = (client: PostgresClient, steps: readonly Step[]) => Promise<StepResult[]>;

/**
 * Behind a pooler no session setting may be changed, since other clients use the session next. What is a startup parameter
 * elsewhere is set for each transaction.
 * @param limits settings by name
 */
export function pooledSteps(limits: Readonly<Record<string, string>>): RunSteps {
  const calls = Object.entries(limits).map(([name, value]) => `set_config('${name}', '${value}', true)`);
  const limit: Step = { name: 'store.limits', text: `SELECT ${calls.join(', ')}`, values: [] };
  return async (client, steps) => {
    const [first] = steps;
    // Inside a transaction they are already set; they end with it.
    const index = first?.text === 'BEGIN' ? 1 : isInTransaction(client) ? undefined : 0;
    if (index === undefined) return runUnnamedSteps(client, steps);
    try {
      return (await runUnnamedSteps(client, steps.toSpliced(index, 0, limit))).toSpliced(index, 1);
    } catch (error) {
      throw error instanceof StepFailed ? new StepFailed(error.done.toSpliced(index, 1), error.cause) : error;
    }
  };
}

function isInTransaction(client: PostgresClient): boolean {
  return client.getTransactionStatus() !== 'I';
}

type Done = (error: unknown, results: StepResult[]) => void;

function exchange(client: PostgresClient, batch: (done: Done) => Exchange): Promise<StepResult[]> {
  return new Promise((resolve, reject) => {
    client.query(
      batch((error, done) => {
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

/** Result columns by statement name. A connection keeps its prepared statements until it is closed. */
const prepared = new WeakMap<PostgresClient, Map<string, readonly Column[]>>();

function columnsOf(client: PostgresClient): Map<string, readonly Column[]> {
  let known = prepared.get(client);
  if (!known) prepared.set(client, (known = new Map<string, readonly Column[]>()));
  return known;
}

/** A separate batch, once per statement and connection, so that a failure never leaves it unknown what is prepared. */
async function prepare(client: PostgresClient, step: Step): Promise<readonly Column[]> {
  try {
    return await new Promise((resolve, reject) => {
      client.query(new Preparation(step, (error, columns) => (error === undefined ? resolve(columns) : reject(error))));
    });
  } catch (error) {
    throw new StepFailed([], error);
  }
}

/**
 * The driver's connection as custom queries use it; the driver's types declare only part of it.
 * @see docs/adr/0032-postgres-pipeline.md
 */
interface WireConnection {
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

/** The driver calls these methods for each message of the server. */
abstract class Exchange {
  private over = false;

  submit(driverConnection: object): null {
    const connection = driverConnection as WireConnection;
    connection.stream.cork();
    try {
      this.send(connection);
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
    return null;
  }

  protected abstract send(connection: WireConnection): void;
  protected abstract settle(error: unknown): void;

  handleError(error: unknown): void {
    if (!this.over) this.settle(error);
    this.over = true;
  }

  handleReadyForQuery(): void {
    this.handleError(undefined);
  }

  handleRowDescription(_message: RowDescription): void {
    // Only in a preparation.
  }

  handleDataRow(_message: { readonly fields: readonly (string | null)[] }): void {
    // Only in a batch.
  }

  handleCommandComplete(_message: { readonly text: string }): void {
    // Only in a batch.
  }

  handleEmptyQuery(): void {
    // No statement is empty.
  }

  handlePortalSuspended(): void {
    // Portals are never suspended.
  }
}

class Preparation extends Exchange {
  private columns: readonly Column[] = [];

  constructor(
    private readonly step: Step,
    private readonly done: (error: unknown, columns: readonly Column[]) => void,
  ) {
    super();
  }

  protected override send(connection: WireConnection): void {
    connection.parse(this.step);
    connection.describe({ type: 'S', name: this.step.name });
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

/** Collects the results of the steps of a batch. */
abstract class Results extends Exchange {
  protected readonly results: StepResult[] = [];
  private rows: Record<string, unknown>[] = [];

  constructor(
    protected readonly steps: readonly Step[],
    private readonly done: Done,
  ) {
    super();
  }

  /** Columns of the step whose rows arrive now. */
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

class Batch extends Results {
  constructor(
    steps: readonly Step[],
    private readonly known: ReadonlyMap<string, readonly Column[]>,
    done: Done,
  ) {
    super(steps, done);
  }

  protected override send(connection: WireConnection): void {
    for (const step of this.steps) {
      connection.bind({ statement: step.name, values: valuesOf(step) });
      connection.execute(null);
    }
  }

  protected override columns(): readonly Column[] {
    return this.known.get(this.steps[this.results.length]?.name ?? '') ?? [];
  }
}

class UnnamedBatch extends Results {
  private described: readonly Column[] = [];

  protected override send(connection: WireConnection): void {
    for (const step of this.steps) {
      connection.parse({ name: '', text: step.text });
      connection.bind({ statement: '', values: valuesOf(step) });
      connection.describe({ type: 'P', name: '' });
      connection.execute(null);
    }
  }

  override handleRowDescription({ fields }: RowDescription): void {
    this.described = columnsIn(fields);
  }

  protected override columns(): readonly Column[] {
    return this.described;
  }
}
