import type { Connection } from '@imprun/contracts'
import { demoFunctionName, demoGatewayId } from './demo/demo.ts'

/** What a person needs to go on, when everything is up. */
export function readyBanner({ apiUrl, edgeUrl }: Connection, tookMs: number): string {
  return `
imprun is ready (${(tookMs / 1000).toFixed(1)} s)

  API     ${apiUrl}   (described at ${apiUrl}/docs)
  Edge    ${edgeUrl}   (functions: /<gateway>/<environment>/<function>)

Call the demo function:

  curl ${edgeUrl}/${demoGatewayId}/dev/${demoFunctionName} -H 'content-type: application/json' -d '{"income":50000000,"deductions":10000000}'

Write functions in VS Code: "npm run build" makes the extension (extension/*.vsix); install it with
"Extensions: Install from VSIX…", or press F5 in this repository. It finds this backend by itself.

Ctrl-C stops everything.
`
}
