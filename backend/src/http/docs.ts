import { fileURLToPath } from 'node:url'
import { createOpenApiDocument } from '@imprun/contracts/openapi'
import { Router } from 'express'

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>imprun API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`
const startScript = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, persistAuthorization: false, validatorUrl: null })\n`

/** Everything comes from this server. Swagger UI sets inline styles and shows its icons from data: addresses; scripts are only ever our files. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
const assets = ['swagger-ui.css', 'swagger-ui-bundle.js']

/** `/openapi.json` and `/docs`. */
export function createDocsRouter(): Router {
  const router = Router()
  const document = JSON.stringify(createOpenApiDocument())
  const assetFolder = fileURLToPath(new URL('.', import.meta.resolve('swagger-ui-dist/package.json')))
  router.get('/openapi.json', (_req, res) => {
    res.type('application/json').send(document)
  })
  router.use('/docs', (_req, res, next) => {
    res.set('content-security-policy', policy)
    next()
  })
  router.get('/docs', (_req, res) => {
    res.type('html').send(page)
  })
  router.get('/docs/start.js', (_req, res) => {
    res.type('js').send(startScript)
  })
  for (const name of assets) router.get(`/docs/assets/${name}`, (_req, res) => res.sendFile(name, { root: assetFolder, cacheControl: false }))
  return router
}
