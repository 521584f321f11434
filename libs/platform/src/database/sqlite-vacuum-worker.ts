import { parentPort, workerData } from 'node:worker_threads';
import { vacuumFile, type VacuumMessage } from './sqlite-vacuum.js';

function work(): VacuumMessage {
  try {
    // Set by the one that starts this program, see sqlite-compact.ts.
    vacuumFile(String(workerData));
    return { kind: 'done' };
  } catch (error) {
    // An error loses its code on the way: the message is what is left.
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.postMessage(work());
