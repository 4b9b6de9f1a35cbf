/** How a check ends early. All are caught in verify.ts; nothing leaves the room as an exception. */

/** The program is refused. What it says stands in the log already. */
export class VerifierError extends Error {
  readonly errno: string;
  constructor(errno: string, message: string) {
    super(message);
    this.errno = errno;
  }
}
/** Not modelled: verdict "unsupported" with this message. */
export class Unsupported extends Error {}
/** onProgress asked to stop. */
export class Stopped extends Error {}
