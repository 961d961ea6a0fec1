// After `npm pack`: brings the checkout's package.json back.

import { join } from 'node:path'
import { restoreManifest } from './manifest.ts'

restoreManifest(join(import.meta.dirname, '../..'))
