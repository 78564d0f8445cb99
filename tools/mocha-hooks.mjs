// Fails the run when a test leaves a rejected promise behind. Sockets and timers left open show as a run that does not end.
export const mochaHooks = {
  beforeAll() {
    process.on('unhandledRejection', (reason) => {
      throw reason
    })
  },
}
