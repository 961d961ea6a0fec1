// `varve serve`: serves data folders over HTTP. It only reads them, unless it is told to write; what it writes itself,
// tokens and the audit, lies in the system folder.

import { type Command, Option } from 'commander'
import { connectLocal } from '../../api/connect.ts'
import { type CallerLimits, LIMIT_NAMES } from '../../access/caller.ts'
import type { IdentityVerifier } from '../../access/identity.ts'
import type { Env } from '../../base/env.ts'
import { readTextFile } from '../../base/text-file.ts'
import { serviceLimitsOf } from '../../service/route.ts'
import { SystemFolder, systemFolderOf } from '../../service/system/system-folder.ts'
import type { Context } from '../main.ts'
import { parseCount, parseNiceness, parsePort, withLimit } from '../options.ts'
import { openTracing, originOption, OTLP_OPTION, startServing, SYSTEM_OPTION, type Tls } from '../serving.ts'
import { DEFAULT_PORT } from './dev.ts'

type Options = {
  readonly data: readonly [string, ...string[]]
  readonly system?: string
  readonly instance?: string
  readonly host: string
  readonly port: number
  readonly write?: boolean
  readonly takeOver?: boolean
  readonly workers?: number
  readonly nice?: number
  readonly limit: CallerLimits
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly log?: string
  readonly otlp?: string
  readonly oidcIssuer?: string
  readonly oidcAudience?: string
  readonly oidcName?: string
  readonly oidcRoles?: string
  readonly origin: readonly string[]
}

const LIMIT_ABOUT = `what every caller may have, unless its token says less; may stand several times (${LIMIT_NAMES.join(', ')})`

export function addServeCommand(program: Command, context: Context): void {
  program
    .command('serve')
    .description('serve data folders over HTTP')
    .option('--data <folder>', 'folder of databases; may stand several times', collected, DATA_DEFAULT)
    .option('--system <folder>', SYSTEM_OPTION)
    .option('--instance <name>', 'names this process among those that share the system folder')
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option('--port <n>', 'port; 0 takes a free one', parsePort, DEFAULT_PORT)
    .option('--tls-cert <file>', 'certificate chain (PEM): HTTPS; needed where others can reach the host')
    .option('--tls-key <file>', 'its key (PEM)')
    .option('--oidc-issuer <url>', 'an OpenID Connect provider that vouches for callers')
    .option('--oidc-audience <name>', 'what the tokens of the provider must be meant for', 'varve')
    .option('--oidc-name <claim>', 'the claim that names the caller (default: sub)')
    .option('--oidc-roles <claim>', 'the claim that lists roles (default: roles)')
    .addOption(originOption())
    .addOption(new Option('--log <format>', 'a line for each request, to stderr').choices(['json']))
    .option('--otlp <url>', OTLP_OPTION)
    .option('--workers <n>', 'threads that answer questions (default: the cores, at most 4)', parseCount)
    .option(
      '--nice <n>',
      'how much it gives way to writers of this machine: 0 to 19 (default: 10, with --write 0)',
      parseNiceness,
    )
    .option('--limit <name=count>', LIMIT_ABOUT, withLimit, {})
    .option('--write', 'take transactions too: this process becomes the writer of the first folder')
    .option('--take-over', "take the writer's place from a process that hangs; it acknowledges nothing more")
    .addHelpText('after', '\nExample:\n  varve serve --data ./varve-data --port 8470')
    .action((options: Options) => serve(options, context))
}

/** Where cores are scarce a reader waits for a writer, and hardly ever the other way round (`bench/serve`). */
const NICENESS_OF_READER = 10

async function serve(options: Options, context: Context): Promise<void> {
  const { env, terminal } = context
  const { data, instance, host, port, workers, limit, takeOver = false } = options
  const isWriting = options.write === true || takeOver
  env.processes.giveWay(options.nice ?? (isWriting ? 0 : NICENESS_OF_READER))
  const [first, ...others] = data
  const folder = options.system ?? systemFolderOf(first)
  const tls = tlsOf(options, (path) => readTextFile(env.files, path))
  const identities = await identitiesOf(options, env)
  await using tracing = openTracing(context, options.otlp, tls === undefined ? 'http' : 'https')
  await using system = await SystemFolder.open(env, folder, { hasThreads: true })
  await using varve = await connectLocal(`file:${first}`, {
    followedFolders: [...others, folder],
    readOnly: !isWriting,
    takeOver,
    ...(workers !== undefined && { workers }),
  })
  await using server = await startServing(varve, system, {
    host,
    port,
    terminal,
    origins: options.origin,
    limits: serviceLimitsOf(limit),
    ...(instance !== undefined && { instance }),
    ...(tls !== undefined && { tls }),
    ...(options.log !== undefined && { log: (entry) => terminal.err(`${JSON.stringify(entry)}\n`) }),
    ...(identities !== undefined && { identities }),
    ...(tracing !== undefined && { tracing }),
  })
  const stopped = terminal.stopped()
  const shown = host.includes(':') ? `[${host}]` : host
  const scheme = tls === undefined ? 'http' : 'https'
  terminal.out(
    `Serving ${data.join(', ')}${isWriting ? '' : ', for reading only,'} at ${scheme}://${shown}:${server.port}\n`,
  )
  await stopped
}

const DATA_DEFAULT: Options['data'] = ['./varve-data']

/** What stands on the command line replaces the default, and each further one is added. */
function collected(value: string, before: Options['data']): Options['data'] {
  return before === DATA_DEFAULT ? [value] : [...before, value]
}

async function identitiesOf(options: Options, env: Env): Promise<IdentityVerifier | undefined> {
  const { oidcIssuer: issuer, oidcAudience: audience = 'varve', oidcName, oidcRoles } = options
  if (issuer === undefined) return undefined
  const { OidcVerifier } = await import('../../adapter/oidc/verifier.ts')
  return new OidcVerifier(env, {
    issuer,
    audience,
    ...(oidcName !== undefined && { nameClaim: oidcName }),
    ...(oidcRoles !== undefined && { rolesClaim: oidcRoles }),
  })
}

function tlsOf({ tlsCert, tlsKey }: Options, read: (path: string) => string): Tls | undefined {
  if (tlsCert === undefined || tlsKey === undefined) return undefined
  return { certificate: read(tlsCert), key: read(tlsKey) }
}
