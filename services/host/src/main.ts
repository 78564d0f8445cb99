import { runHost } from '@overpost/host'

process.exitCode = await runHost(process.argv.slice(2), process.env)
