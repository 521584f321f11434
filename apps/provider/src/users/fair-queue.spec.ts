import { FairQueue, QueueFull } from './fair-queue';

const limits = { slots: 1, mostWaiting: 6, mostOfSource: 4 };

/** A queue whose only slot is taken until `open` is called, and the order in which tasks ran. */
function blocked(): {
  queue: FairQueue;
  ran: string[];
  add: (source: string | undefined, name: string) => Promise<void>;
  open: () => Promise<void>;
} {
  const queue = new FairQueue(limits);
  const ran: string[] = [];
  let open: () => void = () => undefined;
  const first = queue.run('first', () => new Promise<void>((resolve) => (open = resolve)));
  return {
    queue,
    ran,
    add: (source, name) => queue.run(source, () => Promise.resolve(void ran.push(name))),
    open: () => (open(), first),
  };
}

describe('a fair queue', () => {
  it('serves those that wait round robin by source, each in its order', async () => {
    const { ran, add, open } = blocked();
    const all = [add('a', 'a1'), add('a', 'a2'), add('a', 'a3'), add('b', 'b1'), add('c', 'c1'), add('b', 'b2')];
    await Promise.all([open(), ...all]);
    expect(ran).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('refuses what is too much of one source, and of that source alone', async () => {
    const { ran, add, open } = blocked();
    const all = ['a1', 'a2', 'a3', 'a4'].map((name) => add('a', name));
    await expect(add('a', 'a5')).rejects.toMatchObject({ name: 'QueueFull', of: 'source' });
    await Promise.all([open(), ...all, add('b', 'b1')]);
    expect(ran).toHaveLength(5);
  });

  it('drops the newest task of the largest source when it is full and a smaller one comes', async () => {
    const { queue, ran, add, open } = blocked();
    const kept = [add('a', 'a1'), add('a', 'a2'), add('a', 'a3')];
    const dropped = expect(add('a', 'a4')).rejects.toMatchObject({ of: 'source' });
    kept.push(add('b', 'b1'), add('b', 'b2'), add('c', 'c1'));
    await dropped;
    expect(queue.backlog).toBe(limits.mostWaiting);
    await Promise.all([open(), ...kept]);
    expect(ran).not.toContain('a4');
    expect(ran).toHaveLength(limits.mostWaiting);
  });

  it('is full for everybody when no source has more in it than another', async () => {
    const { add, open } = blocked();
    const all = ['a', 'b', 'c', 'd', 'e', 'f'].map((source) => add(source, source));
    await expect(add('g', 'g')).rejects.toEqual(new QueueFull('queue'));
    await Promise.all([open(), ...all]);
  });

  it('drops what others have waiting for our own tasks', async () => {
    const { ran, add, open } = blocked();
    const others = Promise.allSettled(['a', 'b', 'c', 'd', 'e', 'f'].map((source) => add(source, source)));
    const own = add(undefined, 'own');
    await Promise.all([open(), own]);
    const refused = (await others).filter(({ status }) => status === 'rejected');
    expect(refused).toEqual([{ status: 'rejected', reason: new QueueFull('queue') }]);
    expect(ran).toContain('own');
    expect(ran).toHaveLength(limits.mostWaiting);
  });

  it('lets our own tasks fill it, and says then that it is full', async () => {
    const { add, open } = blocked();
    const all = Array.from({ length: limits.mostWaiting }, (_each, index) => add(undefined, String(index)));
    await expect(add(undefined, 'one more')).rejects.toMatchObject({ of: 'queue' });
    await Promise.all([open(), ...all]);
  });

  it('goes on after a task that failed', async () => {
    const queue = new FairQueue(limits);
    const failed = queue.run('a', () => Promise.reject(new Error('it failed')));
    const next = queue.run('a', () => Promise.resolve('done'));
    await expect(failed).rejects.toThrow('it failed');
    await expect(next).resolves.toBe('done');
    expect(queue.backlog).toBe(0);
  });
});
