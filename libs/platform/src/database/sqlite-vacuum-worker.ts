import { parentPort, workerData } from 'node:worker_threads';
import { vacuumFile, type VacuumMessage } from './sqlite-vacuum.js';

function work(): VacuumMessage {
  try {
    // Set by sqlite-compact.ts, which starts this program.
    vacuumFile(String(workerData));
    return { kind: 'done' };
  } catch (error) {
    // Errors lose their code between threads: only the message remains.
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.postMessage(work());
