// Imported first by every script, so that an old Node says this and not a syntax error.
const oldest = [20, 19];
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  console.error(
    `Gatehouse needs Node ${oldest.join('.')} or newer; this is Node ${process.versions.node} (${process.execPath}).\n` +
      'Get one from https://nodejs.org, or with a version manager: nvm install 24',
  );
  process.exit(1);
}
