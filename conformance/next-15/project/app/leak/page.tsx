"use client";

import { createPublisher } from "@polywire/next";
import { useState } from "react";

/** A page with a mistake: it publishes by itself. */
export default function Page() {
  const [said, setSaid] = useState("");
  function publish() {
    try {
      void createPublisher().trigger("news", "event", {});
      setSaid("published");
    } catch (error) {
      setSaid(String(error));
    }
  }
  return (
    <main>
      <button type="button" onClick={publish}>
        Publish
      </button>
      <p id="said">{said}</p>
    </main>
  );
}
