import type { Worker } from 'node:cluster';

/** What the cluster module sends to a worker with a connection, and what the worker replies. Internal, and the same since Node 0.12. */
interface HandoverMessage {
  readonly act?: unknown;
  readonly seq?: unknown;
  readonly ack?: unknown;
}

interface Closable {
  close(): void;
}

/**
 * Closes the connections that a worker had not accepted when its process died.
 *
 * The cluster module keeps a connection open until the worker replies that it took it. A killed worker never replies, so the
 * connection would stay open and its client would wait until it times out. It is closed, not given to another worker: the
 * dead one may have read a request from it.
 */
export function closeUnacceptedConnections(worker: Worker): void {
  const { process: child } = worker;
  const unaccepted = new Map<unknown, Closable>();
  const send: (...args: never[]) => boolean = child.send.bind(child);
  child.send = (message: HandoverMessage, handle?: unknown, ...rest: unknown[]): boolean => {
    if (message.act === 'newconn' && isClosable(handle)) unaccepted.set(message.seq, handle);
    // The arguments are passed on unchanged.
    return send(...([message, handle, ...rest] as never[]));
  };
  child.on('internalMessage', ({ ack }: HandoverMessage) => unaccepted.delete(ack));
  // Unlike 'exit', 'close' is emitted after the last message; 'disconnect' is not emitted while a handle is unacknowledged.
  child.once('close', () => {
    for (const connection of unaccepted.values()) connection.close();
    unaccepted.clear();
  });
}

function isClosable(handle: unknown): handle is Closable {
  return typeof handle === 'object' && handle !== null && 'close' in handle && typeof handle.close === 'function';
}
