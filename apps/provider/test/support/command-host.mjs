// Runs commands of `gatehouse` one after the other, each with its own arguments, environment and standard input, in a process
// that has loaded the program once. Loading takes far longer than most commands, and specs run hundreds of them.
import { Readable } from 'node:stream';
import { explain, run } from '../../dist/cli/program.js';

const streams = { stdout: process.stdout, stderr: process.stderr };

/** Collects what the program writes until the returned function is called. */
function capture(name) {
  let text = '';
  const stream = streams[name];
  const write = stream.write;
  stream.write = (chunk, encoding, callback) => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    (typeof encoding === 'function' ? encoding : callback)?.();
    return true;
  };
  return () => {
    stream.write = write;
    return text;
  };
}

async function runOne({ words, env, stdin }) {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  process.argv.splice(2, Infinity, ...words);
  process.exitCode = undefined;
  Object.defineProperty(process, 'stdin', { value: Readable.from(stdin === '' ? [] : [stdin]), configurable: true });
  const [stdout, stderr] = [capture('stdout'), capture('stderr')];
  try {
    await run();
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
  }
  return { code: process.exitCode ?? 0, stdout: stdout(), stderr: stderr() };
}

let previous = Promise.resolve();
process.on('message', ({ id, ...command }) => {
  previous = previous.then(async () => process.send({ id, ...(await runOne(command)) }));
});
process.on('disconnect', () => process.exit());
