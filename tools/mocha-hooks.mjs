// Fails the run when a test leaves a rejected promise, or something that keeps the process alive, behind.
const patienceMs = 30_000

export const mochaHooks = {
  beforeAll() {
    process.on('unhandledRejection', (reason) => {
      throw reason
    })
    // Nothing keeps the process any more. Node 20 can spin for ever in the clean-up of its own that would follow (seen in
    // CleanupHandles, after thousands of sockets and children), and there is nothing to clean up.
    process.once('beforeExit', () => process.exit())
  },
  afterAll() {
    // Not awaited, and no reason to stay: it only fires when something else keeps the process.
    setTimeout(() => {
      console.error(`The tests have ended, but this still runs: ${process.getActiveResourcesInfo().join(', ')}`)
      process.exit(1)
    }, patienceMs).unref()
  },
}
