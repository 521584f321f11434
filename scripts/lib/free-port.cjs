'use strict';

const { createServer } = require('node:net');

// Below the ephemeral ports of Linux, macOS and Windows, which the system assigns to listeners on port 0 and to outgoing
// connections, possibly before the program that the port is meant for listens.
const first = 10_000;
const last = 29_999;
// Each test worker has its own ports, so that two workers never choose the same one.
const workers = 16;
const attempts = 100;

const returned = new Set();

/**
 * A free port of 127.0.0.1, for a program whose port must be known before it starts. Never returns a port twice.
 * @returns {Promise<number>}
 * @throws Error if none of a hundred ports is free
 */
async function freePort() {
  const worker = Number(process.env.JEST_WORKER_ID ?? 0) % workers;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = first + workers * Math.floor((Math.random() * (last - first)) / workers) + worker;
    if (returned.has(port) || !(await isFree(port))) continue;
    returned.add(port);
    return port;
  }
  throw new Error(`none of ${attempts} ports between ${first} and ${last} is free`);
}

function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

module.exports = { freePort };
