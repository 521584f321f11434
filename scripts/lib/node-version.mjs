// Every script imports this first, so that an old Node prints this message and not a syntax error.
const minimum = [20, 19];
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < minimum[0] || (major === minimum[0] && minor < minimum[1])) {
  console.error(
    `Gatehouse requires Node ${minimum.join('.')} or newer; this is Node ${process.versions.node} (${process.execPath}).\n` +
      'Install it from https://nodejs.org, or with a version manager: nvm install 24',
  );
  process.exit(1);
}
