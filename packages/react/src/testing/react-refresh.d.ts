/** The part of Fast Refresh that bundlers call. */
declare module "react-refresh/runtime" {
  const runtime: {
    injectIntoGlobalHook(target: typeof globalThis): void;
    /** Names a version of a component; the next one of the same id replaces it. */
    register(component: unknown, id: string): void;
    performReactRefresh(): unknown;
  };
  export default runtime;
}
