import type { Writable } from 'node:stream';

type Chunk = Buffer | string;

/** Records each further write to the socket with its chunks. Corked chunks arrive as one write. */
export function recordWrites(stream: Writable): Buffer[][] {
  const writes: Buffer[][] = [];
  const { _write: write, _writev: writev } = stream;
  if (!writev) throw new Error('this stream writes no chunks together');
  const bytes = (chunk: Chunk, encoding: BufferEncoding): Buffer =>
    typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
  stream._write = (chunk: Chunk, encoding, done) => {
    writes.push([bytes(chunk, encoding)]);
    write.call(stream, chunk, encoding, done);
  };
  stream._writev = (chunks: { chunk: Chunk; encoding: BufferEncoding }[], done) => {
    writes.push(chunks.map(({ chunk, encoding }) => bytes(chunk, encoding)));
    writev.call(stream, chunks, done);
  };
  return writes;
}
