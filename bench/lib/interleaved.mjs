import { slice } from './load.mjs';

/** Every repetition has a slice of each side, in rotating order, so that other load on the machine affects all sides alike. */
export async function measureWorkload(workload, sides, options, steps) {
  const { key, name, one } = workload;
  const result = { key, name, ...(one === undefined ? {} : { oneGoal: one }), sides: {} };
  const running = [];
  for (const side of sides) {
    steps.step(`${key}: ${side.name} prepares`);
    const measured = { slices: [], ones: [] };
    result.sides[side.key] = measured;
    try {
      const tasks = await workload.prepare(side, options.connections);
      await slice(side, tasks, options.warmUpSeconds);
      running.push({ side, tasks, measured });
    } catch (error) {
      measured.failure = messageOf(error);
    }
  }
  for (let repetition = 0; repetition < options.repetitions; repetition++)
    for (const { side, tasks, measured } of rotated(running, repetition)) {
      steps.step(`${key}: ${side.name}, repetition ${repetition + 1}`);
      if (measured.failure !== undefined) continue;
      try {
        await slice(side, tasks, options.seconds / 10); // warms up code and caches
        measured.slices.push(await slice(side, tasks, options.seconds));
        if (one !== undefined) measured.ones.push(await slice(side, tasks.slice(0, 1), options.seconds / 3));
      } catch (error) {
        measured.failure = messageOf(error);
      }
    }
  return result;
}

function rotated(list, by) {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

export function messageOf(error) {
  return [error.message, error.cause?.message].filter(Boolean).join(': ');
}
