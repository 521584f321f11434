import { writeSync } from 'node:fs';
import { pino, type DestinationStream } from 'pino';

/** Lines are written in batches, at the latest after this long. What is lost by a kill -9 is never an audit row. */
const FLUSH_MILLISECONDS = 250;
/** A write costs a trip to another thread, whatever its length. */
const BATCH_CHARACTERS = 32 * 1024;
const MOST_IN_WRITE = 1024 * 1024;

/**
 * Lines for a file descriptor, many in one write, which is made beside the event loop: a reader who stops reading holds
 * up nobody. Lines are joined here, because pino's own stream measures all that waits again for each of them.
 */
export class BatchedLines implements DestinationStream {
  private text = '';
  private timer: NodeJS.Timeout | undefined;
  private readonly stream: ReturnType<typeof pino.destination>;

  constructor(private readonly descriptor: number) {
    // Begins a write when it is given something, and goes on while there is more. Writes what it has when the process ends.
    this.stream = pino.destination({ dest: descriptor, sync: false, minLength: 1, maxWrite: MOST_IN_WRITE });
    process.once('exit', () => this.writeLast());
  }

  write(line: string): void {
    this.text += line;
    if (this.text.length >= BATCH_CHARACTERS) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), FLUSH_MILLISECONDS).unref();
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { text } = this;
    this.text = '';
    this.stream.write(text);
  }

  /** The process ends: nothing can be waited for any more. */
  private writeLast(): void {
    try {
      this.stream.flushSync();
      if (this.text !== '') writeSync(this.descriptor, this.text);
    } catch {
      // Whoever read the lines is gone.
    }
    this.text = '';
  }
}
