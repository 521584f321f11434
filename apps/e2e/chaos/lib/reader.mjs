// Reads in a thread of its own, so that what the rest of the run does delays no measurement. Told by messages: an array
// of { path, method, headers, body } to send in turn, then `stop`; answers with the milliseconds of each request.
import { Agent, request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import { pause } from './time.mjs';

const { base, requests, atOnce } = workerData;
const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
const times = [];
const faults = [];
let running = true;
parentPort.once('message', () => (running = false));
await Promise.all(
  Array.from({ length: atOnce }, async (_, first) => {
    for (let turn = first; running; turn++) {
      const asked = requests[turn % requests.length];
      const began = performance.now();
      const status = await send(asked).catch((error) => error.message);
      times.push(performance.now() - began);
      if (status !== 200) faults.push(`${asked.path} ${status}`);
      // Apart from one another, as people are: a reader that asks without a pause measures itself.
      await pause(5 + Math.random() * 10);
    }
  }),
);
agent.destroy();
parentPort.postMessage({ times, faults });

function send({ path, method = 'GET', headers = {}, body }) {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, base), { agent, method, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode)).on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
