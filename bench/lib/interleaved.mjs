import { slice } from './load.mjs';

/** Every repetition is a slice of each side, in an order that turns: what disturbs the machine disturbs all of them. */
export async function measureWorkload(workload, sides, options, steps) {
  const { key, name, one } = workload;
  const result = { key, name, ...(one === undefined ? {} : { oneGoal: one }), sides: {} };
  const running = [];
  for (const side of sides) {
    steps.step(`${key}: ${side.name} gets ready`);
    const measured = { slices: [], ones: [] };
    result.sides[side.key] = measured;
    try {
      const doers = await workload.prepare(side, options.connections);
      await slice(side, doers, options.warmUpSeconds);
      running.push({ side, doers, measured });
    } catch (error) {
      measured.failure = messageOf(error);
    }
  }
  for (let repetition = 0; repetition < options.repetitions; repetition++)
    for (const { side, doers, measured } of turned(running, repetition)) {
      steps.step(`${key}: ${side.name}, repetition ${repetition + 1}`);
      if (measured.failure !== undefined) continue;
      try {
        await slice(side, doers, options.seconds / 10); // its code and pages are warm again
        measured.slices.push(await slice(side, doers, options.seconds));
        if (one !== undefined) measured.ones.push(await slice(side, doers.slice(0, 1), options.seconds / 3));
      } catch (error) {
        measured.failure = messageOf(error);
      }
    }
  return result;
}

function turned(list, by) {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

export function messageOf(error) {
  return [error.message, error.cause?.message].filter(Boolean).join(': ');
}
