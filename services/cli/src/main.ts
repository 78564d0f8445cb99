#!/usr/bin/env node
import { fileURLToPath } from 'node:url'
import { watchLifeline } from '@overpost/devnet/network'
import { allCommands } from './commands/all-commands.ts'
import { runCli } from './run-cli.ts'

const stop = new AbortController()
process.once('SIGINT', () => stop.abort())
process.once('SIGTERM', () => stop.abort())
watchLifeline(process.env, process.stdin)
// Whoever reads our output may have read enough, as `head` does; what we do goes on.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

process.exitCode = await runCli(allCommands, process.argv.slice(2), {
  env: process.env,
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  signal: stop.signal,
  self: [process.execPath, fileURLToPath(import.meta.url)],
})
