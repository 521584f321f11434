// `npm start` preloads this into the applications: when the script that started them exits for any reason, the IPC channel closes,
// and they stop instead of keeping their ports.
import cluster from 'node:cluster';

if (cluster.isPrimary && process.channel !== undefined) {
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}
