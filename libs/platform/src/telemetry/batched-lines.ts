import { writeSync } from 'node:fs';
import { pino, type DestinationStream } from 'pino';

/** Maximum delay of a line. A kill -9 can lose lines, but never audit events, which are in the database. */
const FLUSH_MILLISECONDS = 250;
/** A write costs a call to another thread, whatever its length. */
const BATCH_CHARACTERS = 32 * 1024;
const MOST_IN_WRITE = 1024 * 1024;

/**
 * Writes lines to a file descriptor in batches and asynchronously, so that a reader that stops reading blocks nothing. Lines
 * are joined here, because pino's own stream measures the whole buffer again for each line.
 */
export class BatchedLines implements DestinationStream {
  private text = '';
  private timer: NodeJS.Timeout | undefined;
  private readonly stream: ReturnType<typeof pino.destination>;

  constructor(private readonly descriptor: number) {
    // Starts a write when it gets data and continues while there is more; flushes at exit.
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

  /** At exit, synchronously. */
  private writeLast(): void {
    try {
      this.stream.flushSync();
      if (this.text !== '') writeSync(this.descriptor, this.text);
    } catch {
      // The reader has closed the pipe.
    }
    this.text = '';
  }
}
