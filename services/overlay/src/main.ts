#!/usr/bin/env node
import { runOverlay } from '@overpost/overlay'

process.exitCode = await runOverlay(process.argv.slice(2), process.env)
