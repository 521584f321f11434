// `npm start`: everything that the demo needs, from a fresh clone to two running applications that know each other.
import './lib/node-version.mjs';
import { join } from 'node:path';
import { Application } from './lib/application.mjs';
import { Demo } from './lib/demo.mjs';
import { Failure, runMain } from './lib/failure.mjs';
import { endWithNpm } from './lib/npm.mjs';
import { choosePort } from './lib/ports.mjs';
import { dataFolder, plannedClient, plannedProvider, setting } from './lib/settings.mjs';
import { prepareBuild } from './prepare.mjs';

// npm and the contract allow 10 s from the signal to the end
const graceMilliseconds = 8_000;
const startMilliseconds = 120_000;

const running = [];
let stopping = false;

async function stop() {
  stopping = true;
  await Promise.all(running.map((application) => application.end(graceMilliseconds)));
}

function stopOnSignals() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (stopping) {
        for (const application of running) application.kill();
        process.exit(1);
      }
      console.log('\nStopping …');
      void stop().then(() => process.exit(0));
    });
  }
  process.on('exit', () => running.forEach((application) => application.kill()));
  endWithNpm();
}

/** Starts one and waits until it listens. @throws Failure with its last words when it ends instead */
async function startApplication(options) {
  const application = new Application(options);
  running.push(application);
  void application.ended.then(({ code, signal }) => {
    running.splice(running.indexOf(application), 1);
    if (!stopping && application.wasListening)
      void endWith(
        `The ${application.name} ended unexpectedly (${signal ?? `status ${code}`}):\n${application.lastWords}`,
      );
  });
  const first = await Promise.race([
    application.listening.then(() => 'listening'),
    application.ended.then(() => 'ended'),
    new Promise((resolve) => setTimeout(resolve, startMilliseconds, 'late').unref()),
  ]);
  if (first !== 'listening') {
    if (stopping) await new Promise(() => undefined); // the signal's answer ends the process
    const how = first === 'late' ? `did not listen within ${startMilliseconds / 1000} s` : 'did not start';
    throw new Failure(`The ${application.name} ${how}:\n${application.lastWords}`);
  }
  application.wasListening = true;
  return application;
}

async function endWith(sentence) {
  await stop();
  console.error(`\n${sentence}`);
  process.exit(1);
}

/** Where both will be: as set by hand, else the standard ports or the next free ones. */
async function chooseAddresses() {
  const provider = plannedProvider();
  const client = plannedClient();
  const forProvider = await choosePort({ what: 'the provider', ...provider });
  const forClient = await choosePort({ what: 'the client', ...client, besides: [forProvider.port] });
  return {
    issuer: provider.at(forProvider.port),
    baseUrl: client.at(forClient.port),
    env: {
      GATEHOUSE_ISSUER: provider.at(forProvider.port),
      GATEHOUSE_PORT: String(forProvider.port),
      GATEHOUSE_CLIENT_BASE_URL: client.at(forClient.port),
      GATEHOUSE_CLIENT_PORT: String(forClient.port),
    },
    notices: [forProvider.notice, forClient.notice].filter(Boolean),
  };
}

function showBanner({ issuer, baseUrl, notices, link, adminPasswordPath, signUp }) {
  const row = (label, text) => `  ${label.padEnd(10)}${text}`;
  const lines = [
    '',
    'Gatehouse is running.',
    '',
    row('Client', `${baseUrl}   <- open this, and press "Log in with Gatehouse"`),
    row('Provider', issuer),
    ...(link === undefined ? [] : [row('Admin', "set the admin's password here, once:"), row('', link)]),
    '',
    ...notices.map((notice) => `  ${notice}`),
    ...(signUp === 'open'
      ? [
          '  Sign-up is open for this demo: whoever reaches the provider can make an account (GATEHOUSE_SIGN_UP=off ends that).',
        ]
      : []),
    ...(adminPasswordPath === undefined
      ? []
      : [`  The password of the client's providers page is "adminPassword" in ${adminPasswordPath}`]),
    `  Logs are in ${join(dataFolder(), 'logs')}. Ctrl-C stops both.`,
    '',
  ];
  console.log(lines.join('\n'));
}

await runMain(async () => {
  await chooseAddresses(); // a port that was set by hand and is taken: say so before minutes of installing
  await prepareBuild();
  stopOnSignals();
  const { issuer, baseUrl, env: addresses, notices } = await chooseAddresses();
  const signUp = setting('GATEHOUSE_SIGN_UP') ?? 'open';
  const env = { NODE_ENV: 'production', ...process.env, ...addresses, GATEHOUSE_SIGN_UP: signUp };
  const logPath = (name) => join(dataFolder(), 'logs', `${name}.log`);
  const demo = new Demo();

  try {
    let link;
    let shown = false;
    const onLink = (url) => {
      link = url;
      if (shown) console.log(`\nSet the admin's password here, once: ${url}`);
    };
    await startApplication({
      name: 'provider',
      entry: 'apps/provider/dist/main.js',
      env,
      logPath: logPath('provider'),
      onLink,
      onWarning: (warning) => notices.push(`Warning: ${warning}`),
    });
    const registration = await demo.registration({ issuer, baseUrl, env });
    const clientEnv = { ...env, ...demo.clientSettings(registration) };
    await startApplication({
      name: 'client',
      entry: 'apps/client/dist/main.js',
      env: clientEnv,
      logPath: logPath('client'),
    });
    showBanner({ issuer, baseUrl, notices, link, adminPasswordPath: demo.adminPasswordPath, signUp });
    shown = true;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    await endWith(error.message);
  }
});
