/** An error that the user can fix: only its message is printed, without a stack. */
export class Failure extends Error {}

/** Runs a command's main function. Prints the message of a Failure, and the stack of any other error, then exits with 1. */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error);
    process.exit(1);
  }
}
