import runtime from "react-refresh/runtime";

// Before react-dom is loaded, as bundlers do.
runtime.injectIntoGlobalHook(globalThis);
