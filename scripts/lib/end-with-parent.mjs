// Preloaded into the applications by `npm start`: when the script that began them is gone, however it died, its end
// of the IPC channel closes, and they end too instead of holding their ports.
import cluster from 'node:cluster';

if (cluster.isPrimary && process.channel !== undefined) {
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}
