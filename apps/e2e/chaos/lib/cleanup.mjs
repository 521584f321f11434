const tasks = new Set();

/** What must happen before this process ends, however it does; synchronous. @returns what takes it off the list */
export function beforeExit(task) {
  tasks.add(task);
  return () => tasks.delete(task);
}

process.on('exit', () => {
  // The last thing that was begun ends first: processes before the folders that they write to.
  for (const task of [...tasks].reverse())
    try {
      task();
    } catch (error) {
      console.error(`while tidying up: ${error.message}`);
    }
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));
