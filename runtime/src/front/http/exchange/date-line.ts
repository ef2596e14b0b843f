/** The Date header of answers, made anew at most once a second. */
export const dateLine = {
  get text(): string {
    const nowMs = Date.now()
    if (nowMs - madeAtMs >= 1_000) {
      madeAtMs = nowMs - (nowMs % 1_000)
      line = `Date: ${new Date(madeAtMs).toUTCString()}\r\n`
    }
    return line
  },
}
let madeAtMs = 0
let line = ''
