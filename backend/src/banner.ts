import type { Backend } from './backend.ts'
import { demoFunctionName, demoGatewayId } from './demo/demo.ts'

/** What a person needs to go on, when everything is up. */
export function readyBanner({ connection: { apiUrl, edgeUrl }, hasDemo }: Pick<Backend, 'connection' | 'hasDemo'>, tookMs: number): string {
  const demo = `Call the demo function:

  curl ${edgeUrl}/${demoGatewayId}/dev/${demoFunctionName} -H 'content-type: application/json' -d '{"income":50000000,"deductions":10000000}'

`
  return `
imprun is ready (${(tookMs / 1000).toFixed(1)} s)

  API     ${apiUrl}   (described at ${apiUrl}/docs)
  Edge    ${edgeUrl}   (functions: /<gateway>/<environment>/<function>)

${hasDemo ? demo : ''}Write functions in VS Code: "npm run build" makes the extension (extension/*.vsix); install it with
"Extensions: Install from VSIX…", or press F5 in this repository. It finds this backend by itself.

Ctrl-C stops everything.
`
}
