/** How Chromium is launched: where scripts/test.mjs found it, with flags without which it looks for hosts outside. */
export const CHROMIUM = {
  ...(process.env.CHROME_BIN && { executablePath: process.env.CHROME_BIN }),
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};
