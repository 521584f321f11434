import { Visitor } from './support/visitor.js';
import type { Stage } from './support/stage.js';
import { useTheatre } from './support/theatre.js';

/** Everything that a response confirms is on disk: kill -9 does not undo it. */
describe('a provider that is killed during logins', () => {
  const theatre = useTheatre();
  let stage: Stage;

  beforeEach(() => {
    stage = theatre.stage;
  });

  it('still has every session, token and grant of its responses after being killed three times', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, () => stage.addPerson()));
    const visitors: Visitor[] = [];
    let previousCount = 0;
    for (let round = 0; round < 3; round++) {
      let isStopping = false;
      const streams = people.map(async (person) => {
        while (!isStopping) {
          const visitor = new Visitor(stage);
          try {
            await visitor.logIn(person);
          } catch (error) {
            if (isStopping) return;
            throw error;
          }
          visitors.push(visitor);
        }
      });
      await waitUntil(() => visitors.length >= previousCount + 12);
      isStopping = true;
      await stage.provider.kill();
      await Promise.all(streams);
      previousCount = visitors.length;
      await stage.restartProvider('kill');
    }
    expect(visitors.length).toBeGreaterThanOrEqual(36);
    for (const visitor of visitors) {
      expect(await visitor.username()).toBe(visitor.person?.username);
      expect(await visitor.introspect(visitor.tokens?.access_token ?? '')).toMatchObject({
        active: true,
        username: visitor.person?.username,
      });
      expect(await visitor.isLoggedIn()).toBe(true);
    }
    // A refresh token in a response can be used.
    const [first] = visitors;
    expect((await first?.refresh())?.status).toBe(200);
  });

  it('never accepts a consumed code again, even if it was killed right after the response', async () => {
    const visitor = new Visitor(stage);
    await visitor.logIn(await stage.addPerson());
    await stage.restartProvider('kill');
    const again = await visitor.redeemAgain();
    expect(again.status).toBe(400);
    expect(await again.json()).toMatchObject({ error: 'invalid_grant' });
  });
});

async function waitUntil(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it took too long');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
