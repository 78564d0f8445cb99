import type { ServiceCommand } from '../command.ts'

export const hostStart: ServiceCommand = {
  name: 'host start',
  summary: 'run a relay host',
  serve: async (argv, io) => (await import('@overpost/host')).runHost(argv, io.env),
}
