/** A failure that the person at the terminal can mend; its message says how, so no stack is shown. */
export class RemedyError extends Error {}
