import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { buildProvider, runProvider, type RunningProvider } from '../support/processes';

jest.setTimeout(120_000);

describe('workers', () => {
  let folder: string;
  let provider: RunningProvider;
  beforeAll(() => buildProvider());
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-workers-'));
    provider = await runProvider({
      GATEHOUSE_DATABASE_URL: `sqlite:${join(folder, 'provider.sqlite')}`,
      GATEHOUSE_WORKERS: '2',
      GATEHOUSE_LOG_LEVEL: 'silent',
    });
  });
  afterEach(async () => {
    await provider.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('whose process is killed close the connections that they had not accepted yet', async () => {
    const [worker] = workersOf(provider.pid);
    if (worker === undefined) throw new Error('the provider has no workers');
    // A stopped process accepts nothing: the connection stays between it and its parent.
    process.kill(worker, 'SIGSTOP');
    const waiting = await unansweredConnection(provider.base);
    process.kill(worker, 'SIGKILL');
    await Promise.race([new Promise((resolve) => waiting.once('close', resolve)), pause(20_000)]);
    expect(waiting.closed).toBe(true);
    // And what comes next is answered.
    expect(await answerOn(connectTo(provider.base))).toBe('HTTP/1.1 200 OK');
  });
});

/** One of the next connections goes to the worker that does not answer. */
async function unansweredConnection(base: string): Promise<Socket> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const socket = connectTo(base);
    if ((await Promise.race([answerOn(socket), pause(2_000)])) === undefined) return socket;
    socket.destroy();
  }
  throw new Error('every connection was answered');
}

function connectTo(base: string): Socket {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname, () =>
    socket.write(`GET /healthz HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n\r\n`),
  );
  // Closing may reset it.
  return socket.on('error', () => undefined);
}

/** @returns the status line; never settles where the connection ends without one */
function answerOn(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) =>
    socket.once('data', (data: Buffer) => resolve(data.toString('latin1').split('\r\n')[0])),
  );
}

function workersOf(parent: number | undefined): number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  return lines
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([pid, ppid]) => (pid !== undefined && ppid === parent ? [pid] : []));
}
