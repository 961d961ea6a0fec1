// Types of install.mjs for its test.

export declare function installMissing(root: string): Promise<void>
export declare function whatIsMissing(root: string, platform?: string): string | undefined
