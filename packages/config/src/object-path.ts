type Tree = Record<string, unknown>

/** Sets `value` at `path`, making objects on the way. A non-object in the way is replaced, unless `onlyExisting`. */
export function setAt(
  tree: Tree,
  path: readonly string[],
  value: unknown,
  options: { onlyExisting?: boolean } = {},
): void {
  let at = tree
  for (const part of path.slice(0, -1)) {
    const child = at[part]
    if (isTree(child)) at = child
    else if (options.onlyExisting === true) return
    else {
      const made: Tree = {}
      at[part] = made
      at = made
    }
  }
  const last = path.at(-1)
  if (last === undefined || (options.onlyExisting === true && at[last] === undefined)) return
  at[last] = value
}

/** Makes the objects above `path` where nothing is yet. */
export function openParents(tree: Tree, path: readonly string[]): void {
  let at = tree
  for (const part of path.slice(0, -1)) {
    const child = (at[part] ??= {})
    if (!isTree(child)) return
    at = child
  }
}

/** An object of the values at their paths. */
export function nest(entries: Iterable<readonly [path: readonly string[], value: unknown]>): Tree {
  const tree: Tree = {}
  for (const [path, value] of entries) setAt(tree, path, value)
  return tree
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
