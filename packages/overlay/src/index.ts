export { overlayConfigSchema, type OverlayConfig, type OverlayConfigInput } from './config.ts'
export { startOverlayNode, type OverlayNode } from './overlay-node.ts'
export { exampleOverlayConfig, runOverlay } from './run-overlay.ts'
