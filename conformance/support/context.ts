/** What the global set-up tells the tests. */
export interface Ports {
  /** Of the server under test. */
  readonly server: number;
  /** Of the application's backend. */
  readonly backend: number;
}

export const HOST = "127.0.0.1";

declare module "vitest" {
  export interface ProvidedContext {
    ports: Ports;
    /** The major version of React that the hooks are tested with. */
    react: string;
  }
}
