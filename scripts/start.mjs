// `npm start`: the demo. Installs, builds and starts both applications, with the client registered at the provider.
import './lib/node-version.mjs';
import { join } from 'node:path';
import { Application } from './lib/application.mjs';
import { Demo } from './lib/demo.mjs';
import { Failure, runMain } from './lib/failure.mjs';
import { endWithNpm } from './lib/npm.mjs';
import { choosePort } from './lib/ports.mjs';
import { dataFolder, plannedClient, plannedProvider, setting } from './lib/settings.mjs';
import { prepareBuild } from './prepare.mjs';

// npm allows 10 s from the signal to the exit
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

/** Starts an application and waits until it listens. @throws Failure with its last lines of output if it exits instead */
async function startApplication(options) {
  const application = new Application(options);
  running.push(application);
  void application.ended.then(({ code, signal }) => {
    running.splice(running.indexOf(application), 1);
    if (!stopping && application.wasListening)
      void exitWithError(
        `The ${application.name} exited unexpectedly (${signal ?? `status ${code}`}):\n${application.lastWords}`,
      );
  });
  const outcome = await Promise.race([
    application.listening.then(() => 'listening'),
    application.ended.then(() => 'exited'),
    new Promise((resolve) => setTimeout(resolve, startMilliseconds, 'timeout').unref()),
  ]);
  if (outcome !== 'listening') {
    if (stopping) await new Promise(() => undefined); // the signal handler exits the process
    const how = outcome === 'timeout' ? `did not listen within ${startMilliseconds / 1000} s` : 'did not start';
    throw new Failure(`The ${application.name} ${how}:\n${application.lastWords}`);
  }
  application.wasListening = true;
  return application;
}

async function exitWithError(message) {
  await stop();
  console.error(`\n${message}`);
  process.exit(1);
}

/** The addresses of both: as set in the environment, otherwise the default ports or the next free ones. */
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
    row('Client', `${baseUrl}   <- open this and click "Sign in with Gatehouse"`),
    row('Provider', issuer),
    ...(link === undefined
      ? []
      : [row('Admin', "set the administrator's password with this one-time link:"), row('', link)]),
    '',
    ...notices.map((notice) => `  ${notice}`),
    ...(signUp === 'open'
      ? [
          '  Sign-up is open for this demo: everyone who can reach the provider can create an account (disable it with GATEHOUSE_SIGN_UP=off).',
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
  await chooseAddresses(); // fails on a configured port that is in use before minutes of installing
  await prepareBuild();
  stopOnSignals();
  const { issuer, baseUrl, env: addresses, notices } = await chooseAddresses();
  const signUp = setting('GATEHOUSE_SIGN_UP') ?? 'open';
  const env = { NODE_ENV: 'production', ...process.env, ...addresses, GATEHOUSE_SIGN_UP: signUp };
  const logPath = (name) => join(dataFolder(), 'logs', `${name}.log`);
  const demo = new Demo();

  try {
    let link;
    let isBannerShown = false;
    const onLink = (url) => {
      link = url;
      if (isBannerShown) console.log(`\nSet the administrator's password with this one-time link: ${url}`);
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
    isBannerShown = true;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    await exitWithError(error.message);
  }
});
