'use strict';

const { createServer } = require('node:net');

// Below the ports that Linux, macOS and Windows hand out by themselves: to a listener on port 0, or to the local end of
// an outgoing connection. A port from that range may be taken again before the program that it is meant for listens.
const first = 10_000;
const last = 29_999;
// Test workers draw from different ports, so that two of them never choose the same one at the same time.
const workers = 16;
const attempts = 100;

const given = new Set();

/**
 * A free port of 127.0.0.1, for a program that must be told its port before it starts. No port is returned twice.
 * @returns {Promise<number>}
 * @throws Error where none of a hundred is free
 */
async function freePort() {
  const worker = Number(process.env.JEST_WORKER_ID ?? 0) % workers;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = first + workers * Math.floor((Math.random() * (last - first)) / workers) + worker;
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`none of ${attempts} ports between ${first} and ${last} was free`);
}

function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

module.exports = { freePort };
