import { Visitor } from './support/visitor.js';
import type { Stage } from './support/stage.js';
import { useTheatre } from './support/theatre.js';

/** What a client was told is on disk: kill -9 takes nothing back that was answered. */
describe('a provider that is killed during logins', () => {
  const theatre = useTheatre();
  let stage: Stage;

  beforeEach(() => {
    stage = theatre.stage;
  });

  it('still knows every session, token and grant that it answered with, after three deaths', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, () => stage.addPerson()));
    const answered: Visitor[] = [];
    let answers = 0;
    for (let death = 0; death < 3; death++) {
      let dying = false;
      const streams = people.map(async (person) => {
        while (!dying) {
          const visitor = new Visitor(stage);
          try {
            await visitor.logIn(person);
          } catch (error) {
            if (dying) return;
            throw error;
          }
          answered.push(visitor);
        }
      });
      await until(() => answered.length >= answers + 12);
      dying = true;
      await stage.provider.kill();
      await Promise.all(streams);
      answers = answered.length;
      await stage.restartProvider('kill');
    }
    expect(answered.length).toBeGreaterThanOrEqual(36);
    for (const visitor of answered) {
      expect(await visitor.username()).toBe(visitor.person?.username);
      expect(await visitor.introspect(visitor.tokens?.access_token ?? '')).toMatchObject({
        active: true,
        username: visitor.person?.username,
      });
      expect(await visitor.isLoggedIn()).toBe(true);
    }
    // A refresh token that was answered is one that can be used, once more and on.
    const [first] = answered;
    expect((await first?.refresh())?.status).toBe(200);
  });

  it('never answers a spent code again, although it died right after the answer', async () => {
    const visitor = new Visitor(stage);
    await visitor.logIn(await stage.addPerson());
    await stage.restartProvider('kill');
    const again = await visitor.redeemAgain();
    expect(again.status).toBe(400);
    expect(await again.json()).toMatchObject({ error: 'invalid_grant' });
  });
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it took too long');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
