// Types of toolchain.mjs for the tests that use it.

export declare const OLDEST_NODE: string
export declare const PLATFORM_PACKAGES: Readonly<
  Record<string, { readonly name: string; readonly binary: string }>
>
export declare function isAtLeast(version: string, oldest: string): boolean
export declare function toolchainNode(root: string, platform?: string): string | undefined
export declare function nodeForSource(root: string): string | undefined
