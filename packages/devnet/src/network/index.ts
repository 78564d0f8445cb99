// A network of processes, without the local chain's code: `@overpost/devnet/network`.
export { restartHost } from './control.ts'
export { watchLifeline } from './lifeline.ts'
export { readNetworkFile, type HostState, type NetworkFile, type NetworkState } from './network-state.ts'
export { startNetwork, type Network, type NetworkOptions } from './network.ts'
