/** How much may wait, in number and in bytes of bodies. */
export interface Quota {
  readonly messages: number
  readonly bytes: number
}

/** What a store keeps at most for anybody; decided inside its transactions, so that no two calls share the last place. */
export interface Quotas {
  /** Of one owner, in all boxes together. */
  readonly mailbox: Quota
  /** Of one sender, on its way to other hosts or looking for one. */
  readonly sender: Quota
  /** Forward ids of one host that are remembered at a time. None is forgotten early: what comes beyond is refused. */
  readonly memoriesPerOrigin: number
}
