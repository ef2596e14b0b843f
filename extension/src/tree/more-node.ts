import { MoreNode } from './small-nodes.ts'
import type { TreeContext, TreeNode } from './tree-node.ts'

interface Continued {
  readonly hasMore: boolean
  loadMore(): Promise<void>
}

/** The rows, and one more that loads the rest where there is one. */
export function withMore(rows: TreeNode[], id: string, parent: TreeNode | undefined, list: Continued, { nodes, t }: TreeContext): TreeNode[] {
  return list.hasMore ? [...rows, nodes.intern(`${id}#more`, () => new MoreNode(id, parent, () => list.loadMore(), t))] : rows
}
