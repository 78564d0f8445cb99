import type { ServiceCommand } from '../command.ts'

export const overlayStart: ServiceCommand = {
  name: 'overlay start',
  summary: 'run an overlay node',
  serve: async (argv, io) => (await import('@overpost/overlay')).runOverlay(argv, io.env),
}
