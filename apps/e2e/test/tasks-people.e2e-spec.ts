import type { BrowserContext, Page } from 'playwright-core';
import { administrator, openConsole } from './support/administrator.js';
import { scanCode } from './support/authenticator-app.js';
import { openContext } from './support/chromium.js';
import { linkIn, mailTo, SmtpServer } from './support/mail.js';
import type { Person, Stage } from './support/stage.js';
import { pressSubmit, submitLogin } from './support/steps.js';
import { Task } from './support/task.js';
import { useTheatre } from './support/theatre.js';

/** What administrators do with people and their accounts, from the overview. */
describe('frequent tasks with people', () => {
  const mail = new SmtpServer();
  const environment: Record<string, string> = {};
  beforeAll(async () => {
    environment['GATEHOUSE_SMTP_URL'] = await mail.start();
  });
  const theatre = useTheatre({ adminPassword: administrator.password, provider: environment });
  let stage: Stage;
  let console: BrowserContext;

  beforeAll(async () => {
    stage = theatre.stage;
    console = await openConsole(theatre.chromium, stage);
  });
  afterAll(async () => {
    await console.close();
    await mail.stop();
  });

  const begin = (name: string): Promise<Task> => Task.begin(console, name, `${stage.issuer}/admin`);

  /** Signs somebody in, in a browser of their own. @returns their page, with their account */
  async function signIn(person: Person): Promise<Page> {
    const page = await (await openContext(theatre.chromium)).newPage();
    await page.goto(`${stage.issuer}/account`);
    await submitLogin(page, person);
    await page.waitForURL(`${stage.issuer}/account`);
    return page;
  }

  async function isSignedIn(page: Page): Promise<boolean> {
    await page.goto(`${stage.issuer}/account`);
    return page.url() === `${stage.issuer}/account`;
  }

  it('add a user, whose one-time link sets the password', async () => {
    const task = await begin('add a user');
    await task.open('Users');
    await task.click('link', 'Add user');
    await task.type('Username', 'hedy');
    await task.click('button', 'Add user');
    await task.expectHeading('hedy was added');
    await task.click('button', 'Copy One-time link');
    await task.expectStatus('Copied');
    const link = await task.page.evaluate(() => navigator.clipboard.readText());
    const own = await openContext(theatre.chromium);
    const page = await own.newPage();
    await page.goto(link);
    await page.getByLabel('New password', { exact: true }).fill('frequency hopping');
    await pressSubmit(page);
    await page.getByText('hedy').first().waitFor();
    await own.close();
    await task.end({ clicks: 4, pages: 4 });
  });

  it('invite somebody, who gets a mail', async () => {
    const task = await begin('invite somebody');
    await task.open('Invitations');
    await task.type('E-mail addresses', 'katherine@example.org');
    await task.click('button', 'Send invitations');
    await task.expectStatus('Invitations sent.');
    const { message } = await mailTo(mail, 'katherine@example.org');
    expect(linkIn(message)).toContain(`${stage.issuer}/sign-up?invitation=`);
    await task.end({ clicks: 3, pages: 3 });
  });

  it('disable a user, whose session ends', async () => {
    const person = await stage.addPerson('margaret');
    const page = await signIn(person);
    const task = await begin('disable a user');
    await task.open('Users');
    await task.click('link', person.username);
    await task.click('button', 'Disable');
    await task.expectStatus('Account disabled.');
    expect(await isSignedIn(page)).toBe(false);
    await page.context().close();
    await task.end({ clicks: 3, pages: 4 });
  });

  it('reset the sign-in methods of somebody who has lost the phone', async () => {
    const person = await stage.addPerson('radia');
    const page = await signIn(person);
    await page.goto(`${stage.issuer}/account/factors/app`);
    const code = await scanCode(page);
    await page.fill('input[name=otp]', await code());
    await pressSubmit(page);
    await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();

    const task = await begin('reset sign-in methods');
    await task.open('Users');
    await task.click('link', person.username);
    await task.click('link', 'Reset sign-in methods…');
    await task.type(`Type ${person.username} to confirm`, person.username);
    await task.click('button', 'Reset sign-in methods');
    await task.expectStatus('Sign-in methods reset.');
    await page.context().close();
    // The password alone is enough again.
    const again = await signIn(person);
    expect(await isSignedIn(again)).toBe(true);
    await again.context().close();
    await task.end({ clicks: 4, pages: 5 });
  });

  it('end the sessions of a user', async () => {
    const person = await stage.addPerson('annie');
    const page = await signIn(person);
    const task = await begin('end sessions');
    await task.open('Users');
    await task.click('link', person.username);
    await task.click('link', 'Sessions', task.find('navigation', person.username));
    await task.click('button', 'Sign out everywhere');
    await task.expectStatus('Signed out everywhere.');
    expect(await isSignedIn(page)).toBe(false);
    await page.context().close();
    await task.end({ clicks: 4, pages: 5 });
  });
});
