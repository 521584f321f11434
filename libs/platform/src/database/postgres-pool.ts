import pg from 'pg';
import { checkDurability, type DurabilitySettings } from './postgres-durability.js';
import { isConnectionLost } from './postgres-errors.js';
import type { PostgresHosts } from './postgres-hosts.js';
import { StoreUnavailable } from './store.js';

/** Options of the pool and its clients in addition to those of the driver. */
export interface HostedOptions {
  readonly hosts: PostgresHosts;
  readonly purpose: 'units' | 'reads';
}

type Connected = (error: Error | undefined, client?: pg.PoolClient, release?: pg.PoolClient['release']) => void;

/** A connection to the host that was current when it was made. The driver itself supports one host only. */
export class HostedClient extends pg.Client {
  readonly url: string;
  private readonly hosts: PostgresHosts;

  constructor(options: pg.ClientConfig & HostedOptions) {
    super({ ...options, connectionString: options.hosts.current });
    this.hosts = options.hosts;
    this.url = options.hosts.current;
  }

  /** The form that the pool uses. */
  override connect(): Promise<this>;
  override connect(connected: (error: Error) => void): void;
  override connect(connected?: (error: Error) => void): Promise<this> | void {
    if (connected === undefined) return super.connect() as Promise<this>;
    super.connect((error: Error | null | undefined) => {
      if (error && isConnectionLost(error)) this.hosts.leave(this.url);
      // As the driver calls it: without an error on success.
      connected(error as Error);
    });
  }

  /**
   * Rejects a standby, which may lag, a read-only primary where writes are required, and a server that may lose commits.
   * @throws WrongServer, NotDurable
   */
  async check(purpose: HostedOptions['purpose'], milliseconds: number): Promise<void> {
    const { readWrite, durability, pooler } = this.hosts.address;
    const mustBeDurable = purpose === 'units' && durability === 'required';
    const query = { text: serverState, values: [pooler === 'transaction'], query_timeout: milliseconds };
    const [state] = (await this.query<ServerState>(query)).rows;
    if (state === undefined) return;
    // Connections for reads are always read-only. Even a single address may lead to a standby that is not yet promoted.
    const isReadOnly = readWrite && purpose === 'units' && state.read_only === 'on';
    if (state.standby || isReadOnly) {
      this.hosts.leave(this.url);
      throw new WrongServer();
    }
    if (mustBeDurable) checkDurability(state);
  }
}

interface ServerState extends DurabilitySettings {
  readonly standby: boolean;
  readonly read_only: string;
}

// Setting synchronous_commit to its current value fixes it for the session, whatever the server's configuration becomes
// later; behind a pooler, where the session is shared, nothing is set.
const serverState = `SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only') AS read_only,
  current_setting('fsync') AS fsync,
  set_config('synchronous_commit', current_setting('synchronous_commit'), $1) AS synchronous_commit`;

/** A standby, or a read-only primary: another host may be the right one. */
export class WrongServer extends StoreUnavailable {
  constructor() {
    super('the database server is a standby or read-only');
    this.name = 'WrongServer';
  }
}

/** A pool that tries the hosts in turn and closes connections to a host that was abandoned. */
export class HostedPool extends pg.Pool {
  override connect(): Promise<pg.PoolClient>;
  override connect(connected: Connected): void;
  override connect(connected?: Connected): Promise<pg.PoolClient> | void {
    const client = this.find();
    if (connected === undefined) return client;
    client.then(
      (found) => connected(undefined, found, found.release.bind(found)),
      (error: unknown) => connected(error as Error),
    );
  }

  private async find(): Promise<pg.PoolClient> {
    // The driver keeps its options unchanged.
    const { hosts } = this.options as unknown as HostedOptions;
    for (let attempt = 1; ;) {
      try {
        const client = await super.connect();
        if (!(client instanceof HostedClient) || client.url === hosts.current) return client;
        client.release(true);
      } catch (error) {
        if (attempt >= hosts.count || !(error instanceof WrongServer || isConnectionLost(error))) throw error;
        attempt += 1;
      }
    }
  }
}
