import type { BrowserContext } from 'playwright-core';
import { scanCode, type AuthenticatorApp } from './support/authenticator-app.js';
import { openContext } from './support/chromium.js';
import { linkIn, mailTo, SmtpServer } from './support/mail.js';
import type { Person, Stage } from './support/stage.js';
import { allow, beginLogin, expectLoggedIn, logIn, pressSubmit, submitLogin } from './support/steps.js';
import { Task } from './support/task.js';
import { useTheatre } from './support/theatre.js';

/** What people do, from the application that they want to use or from their account. */
describe('frequent tasks of people', () => {
  const mail = new SmtpServer();
  const environment: Record<string, string> = {};
  beforeAll(async () => {
    environment['GATEHOUSE_SMTP_URL'] = await mail.start();
  });
  const theatre = useTheatre({ adminPassword: 'a gate needs its keeper', provider: environment });
  let stage: Stage;
  let context: BrowserContext;
  let person: Person;

  beforeEach(async () => {
    stage = theatre.stage;
    person = await stage.addPerson();
    context = await openContext(theatre.chromium, { reducedMotion: 'reduce' });
  });
  afterEach(() => context.close());
  afterAll(() => mail.stop());

  /** Starts a sign-in at the application. */
  async function begin(name: string): Promise<Task> {
    const task = await Task.begin(context, name, stage.clientUrl);
    await task.click('button', /^Sign in with/);
    await task.expectHeading(/^(Sign in|Allow)/);
    return task;
  }

  async function typeCredentials(task: Task, password = person.password): Promise<void> {
    await task.type('Username or e-mail', person.username);
    await task.type('Password', password);
    await task.click('button', 'Sign in');
  }

  /** The first sign-in at the application, outside of the task. */
  async function signInBefore(): Promise<void> {
    const page = await context.newPage();
    await logIn(page, stage, person);
    await page.close();
  }

  it('sign in with the password, and allow the application', async () => {
    const task = await begin('sign in with a password');
    await typeCredentials(task);
    await task.click('button', 'Allow');
    await expectLoggedIn(task.page, stage, person);
    await task.end({ clicks: 4, pages: 4 });
  });

  it('sign in again, while the session at the provider lasts', async () => {
    await signInBefore();
    await context.clearCookies({ name: /client/ });
    const task = await Task.begin(context, 'sign in again', stage.clientUrl);
    await task.click('button', /^Sign in with/);
    await expectLoggedIn(task.page, stage, person);
    await task.end({ clicks: 1, pages: 2 });
  });

  it('sign in with a second step', async () => {
    const before = await context.newPage();
    await before.goto(`${stage.issuer}/account/factors/app`);
    await submitLogin(before, person);
    const code: AuthenticatorApp = await scanCode(before);
    await before.fill('input[name=otp]', await code());
    await pressSubmit(before);
    await before.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
    await before.close();
    await context.clearCookies();

    const task = await begin('sign in with a second step');
    await typeCredentials(task);
    await task.expectHeading('Confirm it’s you');
    await task.type('6-digit code from your authenticator app', await code());
    await task.click('button', 'Verify code');
    await task.click('button', 'Allow');
    await expectLoggedIn(task.page, stage, person);
    await task.end({ clicks: 5, pages: 5 });
  });

  it('cancel instead of allowing access', async () => {
    const task = await begin('cancel instead of allowing');
    await typeCredentials(task);
    await task.click('button', 'Cancel');
    await task.page.waitForURL((url) => url.origin === stage.clientUrl);
    await task.find('button', /^Try again/).waitFor();
    await task.end({ clicks: 4, pages: 4 });
  });

  it('change their password', async () => {
    await signInBefore();
    const task = await Task.begin(context, 'change the password', `${stage.issuer}/home`);
    await task.click(
      'link',
      /^(Your )?account/i,
      task.page.getByRole('main').or(task.find('navigation', 'Main')).first(),
    );
    await task.type('Current password', person.password);
    await task.type('New password', 'a better password than before');
    await task.click('button', 'Change password');
    await task.expectStatus('Your password was changed.');

    const other = await (await openContext(theatre.chromium)).newPage();
    await other.goto(`${stage.issuer}/home`);
    await submitLogin(other, person);
    await other.getByRole('alert').waitFor();
    await submitLogin(other, { ...person, password: 'a better password than before' });
    await other.waitForURL(`${stage.issuer}/home`);
    await other.context().close();
    await task.end({ clicks: 4, pages: 3 });
  });

  it('withdraw the access of an application, which asks again', async () => {
    await signInBefore();
    const task = await Task.begin(context, 'withdraw access', `${stage.issuer}/home`);
    await task.click(
      'link',
      /^(Your )?account/i,
      task.page.getByRole('main').or(task.find('navigation', 'Main')).first(),
    );
    await task.click('button', /^Withdraw from Gatehouse demo/);
    await task.page.getByRole('status').first().waitFor();
    await task.end({ clicks: 2, pages: 3 });

    await context.clearCookies({ name: /client/ });
    const page = await context.newPage();
    await beginLogin(page, stage);
    await allow(page);
    await expectLoggedIn(page, stage, person);
  });

  it('set a new password by mail, and continue to the application', async () => {
    const email = `${person.username}@example.org`;
    await stage.command(
      'user',
      'update',
      '--username',
      person.username,
      '--email',
      email,
      '--email-verified',
      '--json',
    );
    const task = await begin('reset a forgotten password');
    await task.click('link', 'Forgot password?');
    await task.type('E-mail', email);
    await task.click('button', 'Send link');
    await task.expectHeading('Check your inbox');
    await task.page.goto(linkIn((await mailTo(mail, email)).message));
    await task.type('New password', 'a better password than before');
    await task.click('button', 'Set password');
    await task.click('link', 'Continue to Gatehouse demo');
    await task.expectHeading('Sign in to Gatehouse demo');
    await task.type('Username or e-mail', person.username);
    await task.type('Password', 'a better password than before');
    await task.click('button', 'Sign in');
    await task.click('button', 'Allow');
    await expectLoggedIn(task.page, stage, person);
    await task.end({ clicks: 8, pages: 9 });
  });
});
