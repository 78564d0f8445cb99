export { hostConfigSchema, type HostConfig, type HostConfigInput } from './config.ts'
export { createHost, type Host, type HostOptions } from './host.ts'
export { exampleHostConfig, runHost } from './run-host.ts'
export { SealedHandles } from './handle-seal.ts'
