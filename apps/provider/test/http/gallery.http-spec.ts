import { Browser } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';

describe('the page of components', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider();
  });
  afterAll(() => provider.close());

  it('is for development: otherwise nothing is at its address', async () => {
    const answer = await new Browser().open(`${provider.issuer}/development/components`);
    expect(answer.status).toBe(404);
    expect(answer.text).not.toContain('design system');
  });
});
