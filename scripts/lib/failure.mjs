/** Something a person can mend: the message is the whole of what they see, no stack. */
export class Failure extends Error {}

/** Runs a command's main function; a Failure ends it with its sentence, anything else is a bug and shows its stack. */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error);
    process.exit(1);
  }
}
