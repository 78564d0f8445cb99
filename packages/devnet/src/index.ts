export { startLocalChain, type LocalChain, type LocalChainOptions } from './chain/local-chain.ts'
