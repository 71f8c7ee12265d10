/** Ends the command with an exit status; all that there is to say has been said. */
export class QuietExit extends Error {
  override readonly name: string = "QuietExit";
  readonly exit: number;

  constructor(exit: number, message = `exit status ${exit}`) {
    super(message);
    this.exit = exit;
  }
}
