// The process in which DuckDB runs, so that what goes wrong in native code stays there. sql-server.ts does the work.

import { nodeEnv, processPort } from '../../base/env-node.ts'
import type { SqlMessage, SqlRequest, SqlSettings } from './protocol.ts'
import { SqlServer } from './sql-server.ts'

// Whoever started this process may be gone before it could tidy up.
const port = processPort(() => nodeEnv().files.remove(settings.folder))
// The one that started this process gave the settings, and sends nothing but requests.
const settings = port.data as SqlSettings
const say = (message: SqlMessage): void => port.post(message)
const opened = SqlServer.open(settings, say)
opened.catch((error: NodeJS.ErrnoException) =>
  say({
    kind: 'unopened',
    isDriverMissing: error.code === 'ERR_MODULE_NOT_FOUND',
    message: error.message,
  }),
)
port.onMessage((request) => {
  opened.then((server) => server.take(request as SqlRequest)).catch(() => undefined)
})
